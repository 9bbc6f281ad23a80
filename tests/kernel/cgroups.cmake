ceiling_test(cgroups_kernel_test LABEL kernel
  SOURCES
    cgroups/cpu_test.cc
    cgroups/kill_test.cc
    cgroups/limits_test.cc
    cgroups/namespaces_test.cc
    cgroups/pids_cases_test.cc
    cgroups/pids_test.cc
    cgroups/testee.cc
    cgroups/unified_test.cc
    cgroups/zz_left_behind_test.cc
  LINK ceiling::cgroups)
target_compile_definitions(cgroups_kernel_test PRIVATE
  CEILING_TESTEE="$<TARGET_FILE:cgroups_testee>")
add_dependencies(cgroups_kernel_test cgroups_testee)
