ceiling_test(check_bench LABEL bench SOURCES check/check_bench.cc
             LINK spawn_support ceiling::cgroups fmt::fmt-header-only)
target_compile_definitions(check_bench PRIVATE CEILING_PROGRAM="$<TARGET_FILE:ceiling>")
add_dependencies(check_bench ceiling)
