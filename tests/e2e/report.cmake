# Reports of real runs, opened in Chromium. Screenshots for a person to look at: build/tests/e2e/report/.
set(report "${CMAKE_CURRENT_BINARY_DIR}/report")
add_test(NAME report
  COMMAND /usr/bin/python3 "${CMAKE_CURRENT_LIST_DIR}/report/report_test.py" $<TARGET_FILE:ceiling> "${report}")
set_tests_properties(report PROPERTIES LABELS e2e RUN_SERIAL TRUE ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)
