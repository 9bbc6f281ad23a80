foreach(name random_limits random_caches)
  ceiling_test(${name}_test LABEL e2e
    SOURCES random_limits/${name}_test.cc random_limits/random_case.cc random_limits/random_run.cc
    LINK ceiling::predict ceiling::protocol fmt::fmt-header-only nlohmann_json::nlohmann_json spawn_support)
  target_compile_definitions(${name}_test PRIVATE CEILING_PROGRAM="$<TARGET_FILE:ceiling>")
  add_dependencies(${name}_test ceiling programs)
endforeach()
target_sources(random_caches_test PRIVATE random_limits/cache_case.cc)
