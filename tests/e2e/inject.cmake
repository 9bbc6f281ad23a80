# `ceiling inject` as a user runs it; needs no root.
ceiling_test(inject_e2e_test LABEL e2e
  SOURCES
    inject/bad_input_test.cc
    inject/inject_case.cc
    inject/killed_test.cc
    inject/programs_test.cc
    inject/sweep_test.cc
    inject/terminal_test.cc
    inject/trees_test.cc
  LINK e2e_support ceiling::keeper fmt::fmt-header-only)
add_dependencies(inject_e2e_test tree_testee tree_testee_static)
if(TARGET musl_testee)
  add_dependencies(inject_e2e_test musl_testee)
endif()
