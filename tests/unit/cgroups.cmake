ceiling_test(cgroups_test LABEL unit
  SOURCES
    cgroups/control_file_test.cc
    cgroups/hierarchy_test.cc
  LINK ceiling::cgroups)
