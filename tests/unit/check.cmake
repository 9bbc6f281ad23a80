ceiling_test(check_test LABEL unit
  SOURCES
    check/answer_test.cc
    check/what_if_test.cc
    check/subject_test.cc
  LINK ceiling::subject ceiling::experiment)
