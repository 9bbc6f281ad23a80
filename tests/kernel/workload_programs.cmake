# The programs of membership and backend as they are started; needs no privilege.
ceiling_test(workload_programs_test LABEL kernel
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/workload_programs/membership_program_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/backend_program_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/bad_input_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/streams_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/frontend/small_fleet.cc
  LINK workload_programs_support)
