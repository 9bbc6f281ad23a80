ceiling_test(check_test LABEL unit
  SOURCES
    check/answer_test.cc
    check/policy_test.cc
    check/snapshot_test.cc
    check/what_if_test.cc
    check/subject_test.cc
  LINK ceiling::subject ceiling::experiment nlohmann_json::nlohmann_json)
