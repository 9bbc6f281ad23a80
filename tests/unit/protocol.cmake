ceiling_test(protocol_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/protocol/hash_key_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/routes_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/wire_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/connection_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/http_api_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/accounts_test.cc
  LINK ceiling::protocol ceiling::accounts)
