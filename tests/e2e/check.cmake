# `ceiling check` as a user runs it.
ceiling_test(check_e2e_test LABEL e2e
  SOURCES
    check/answers_test.cc
    check/bad_input_test.cc
    check/elsewhere_test.cc
    check/formats_test.cc
    check/prove_test.cc
    check/zz_left_behind_test.cc
  LINK e2e_support fmt::fmt-header-only)
target_compile_definitions(check_e2e_test PRIVATE
  PROMTOOL_SCRIPT="${CMAKE_CURRENT_LIST_DIR}/check/promtool.sh ${PROJECT_BINARY_DIR}/tools")
