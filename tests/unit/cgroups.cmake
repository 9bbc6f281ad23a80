ceiling_test(cgroups_test LABEL unit
  SOURCES
    cgroups/control_file_test.cc
    cgroups/hierarchy_test.cc
    cgroups/limits_test.cc
    cgroups/rules_test.cc
    cgroups/unified_test.cc
  LINK ceiling::cgroups)
