ceiling_test(membership_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/membership/admission_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/membership/backend_directory_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/membership/checks_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/membership/health_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/membership/member_list_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/membership/stream_directory_test.cc
  LINK ceiling::membership)
