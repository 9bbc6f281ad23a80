ceiling_test(predict_test LABEL unit
  SOURCES predict/admission_test.cc predict/alarm_test.cc predict/cache_fleet_test.cc predict/cells_admission_test.cc predict/fit_test.cc predict/laws_test.cc predict/host_limit_test.cc predict/predict_test.cc predict/shape_test.cc
  LINK ceiling::experiment ceiling::predict)
