ceiling_test(inject_test LABEL unit
  SOURCES inject/choice_test.cc
  LINK ceiling::inject)
