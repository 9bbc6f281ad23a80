ceiling_test(client_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/client/fakes.cc
          ${CMAKE_CURRENT_LIST_DIR}/client/shard_keys_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/client/pair_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/client/client_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/client/audit_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/client/record_buffer_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/client/dependent_test.cc
  LINK ceiling::client ceiling::accounts fmt::fmt-header-only nlohmann_json::nlohmann_json)
