ceiling_test(random_limits_test LABEL e2e
  SOURCES random_limits/random_limits_test.cc random_limits/random_case.cc
  LINK ceiling::predict ceiling::protocol fmt::fmt-header-only nlohmann_json::nlohmann_json spawn_support)
target_compile_definitions(random_limits_test PRIVATE CEILING_PROGRAM="$<TARGET_FILE:ceiling>")
add_dependencies(random_limits_test ceiling programs)
