# The program itself: no privilege needed.
ceiling_test(client_program_test LABEL kernel
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/client/client_program_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/../unit/client/fakes.cc
  LINK ceiling::client ceiling::accounts fmt::fmt-header-only nlohmann_json::nlohmann_json)
target_compile_definitions(client_program_test PRIVATE
  CEILING_CLIENT="$<TARGET_FILE:ceiling-client>")
add_dependencies(client_program_test ceiling-client)
