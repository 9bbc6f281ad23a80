# `ceiling find` as a user runs it.
ceiling_test(find_e2e_test LABEL e2e
  SOURCES
    find/bad_input_test.cc
    find/find_case.cc
    find/killed_test.cc
    find/limits_test.cc
    find/outcomes_test.cc
    find/programs_test.cc
    find/records_test.cc
    find/tasks_test.cc
  LINK e2e_support ceiling::keeper fmt::fmt-header-only)
add_dependencies(find_e2e_test find_testee)
