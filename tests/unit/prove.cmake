ceiling_test(prove_test LABEL unit
  SOURCES prove/attribute_test.cc prove/judge_test.cc prove/proof_test.cc prove/rows.cc
  LINK ceiling::prove)
