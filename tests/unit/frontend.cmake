ceiling_test(frontend_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/backend_links_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/map_builder_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/room_watch_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/shard_map_test.cc
  LINK ceiling::frontend)

ceiling_test(frontend_http_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/http_fixture.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http2_client.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/raw_client.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http_connection_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/http2_test.cc
  LINK ceiling::frontend ${NGHTTP2_STATIC})

add_library(kinesis_fake_fleet STATIC ${CMAKE_CURRENT_LIST_DIR}/frontend/kinesis/fake_fleet.cc)
target_link_libraries(kinesis_fake_fleet PUBLIC ceiling::frontend ceiling::accounts
                                                nlohmann_json::nlohmann_json
                                         PRIVATE ceiling_options fmt::fmt-header-only)

ceiling_test(kinesis_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/frontend/kinesis/body_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/kinesis/service_test.cc
  LINK kinesis_fake_fleet fmt::fmt-header-only)

# The tables and answers of the API against the model of Debian's python3-botocore.
add_executable(kinesis_requests ${CMAKE_CURRENT_LIST_DIR}/frontend/kinesis/requests.cc)
target_link_libraries(kinesis_requests PRIVATE ceiling_options kinesis_fake_fleet)
add_test(NAME kinesis_model
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/frontend/kinesis/model_test.py
          $<TARGET_FILE:kinesis_requests>)
set_tests_properties(kinesis_model PROPERTIES LABELS unit)
