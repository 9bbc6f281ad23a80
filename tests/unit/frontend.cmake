ceiling_test(frontend_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/map_builder_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/shard_map_test.cc
  LINK ceiling::frontend)

ceiling_test(kinesis_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/kinesis/body_test.cc
  LINK ceiling::frontend nlohmann_json::nlohmann_json)
