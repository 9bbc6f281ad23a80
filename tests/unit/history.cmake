ceiling_test(history_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/history/client_log_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/history/history_test.cc
  LINK ceiling::history)
