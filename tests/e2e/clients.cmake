# Real clients; what JavaScript needs is brought by npm into the build folder, for the tests alone.
set(clients "${CMAKE_CURRENT_BINARY_DIR}/clients")
add_custom_command(
  OUTPUT "${clients}/node_modules/.package-lock.json"
  COMMAND ${CMAKE_COMMAND} -E copy_directory "${CMAKE_CURRENT_LIST_DIR}/clients" "${clients}"
  COMMAND npm --prefix "${clients}" ci --no-audit --no-fund --silent
  DEPENDS clients/package.json clients/package-lock.json clients/clients_test.py
          clients/operations.mjs clients/operations.py clients/story.mjs clients/writer.mjs clients/writer.py
  VERBATIM)
add_custom_target(clients_node_modules ALL DEPENDS "${clients}/node_modules/.package-lock.json")
add_test(NAME clients
  COMMAND /usr/bin/python3 "${clients}/clients_test.py" $<TARGET_FILE:ceiling>)
set_tests_properties(clients PROPERTIES LABELS e2e RUN_SERIAL TRUE)
