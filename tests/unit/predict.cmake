ceiling_test(predict_test LABEL unit
  SOURCES predict/fit_test.cc predict/laws_test.cc predict/host_limit_test.cc predict/predict_test.cc
  LINK ceiling::experiment ceiling::predict)
