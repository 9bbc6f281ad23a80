ceiling_test(protocol_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/protocol/hash_key_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/routes_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/wire_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/connection_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/http_api_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/accounts_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/base64_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/protocol/shard_iterator_test.cc
  LINK ceiling::protocol ceiling::accounts)

ceiling_test(signature_v4_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/protocol/signature_v4_test.cc
  LINK ceiling::signature_v4)

# Against an implementation of its own: Debian's python3-botocore.
add_executable(signature_v4_requests ${CMAKE_CURRENT_LIST_DIR}/protocol/signature_v4_requests.cc)
target_link_libraries(signature_v4_requests PRIVATE ceiling_options ceiling::signature_v4
                                                    nlohmann_json::nlohmann_json)
add_test(NAME signature_v4_botocore
  COMMAND /usr/bin/python3 ${CMAKE_CURRENT_LIST_DIR}/protocol/signature_v4_botocore_test.py
          $<TARGET_FILE:signature_v4_requests>)
set_tests_properties(signature_v4_botocore PROPERTIES LABELS unit)
