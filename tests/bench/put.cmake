# PutRecord beside kinesalite, which npm brings into the build folder.
set(put "${CMAKE_CURRENT_BINARY_DIR}/put")
add_custom_command(
  OUTPUT "${put}/node_modules/.package-lock.json"
  COMMAND ${CMAKE_COMMAND} -E copy_directory "${CMAKE_CURRENT_LIST_DIR}/put" "${put}"
  COMMAND npm --prefix "${put}" ci --no-audit --no-fund --silent
  DEPENDS put/package.json put/package-lock.json
  VERBATIM)
add_custom_target(put_node_modules ALL DEPENDS "${put}/node_modules/.package-lock.json")
add_test(NAME put_bench
  COMMAND /usr/bin/python3 "${CMAKE_CURRENT_LIST_DIR}/put/put_bench.py" "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
          "${put}/node_modules/kinesalite/cli.js")
set_tests_properties(put_bench PROPERTIES LABELS bench RUN_SERIAL TRUE)
