# The programs of membership and backend as they are started; needs no privilege.
ceiling_test(workload_programs_test LABEL kernel
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/workload_programs/program.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/peer.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/membership_program_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/backend_program_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/workload_programs/bad_input_test.cc
  LINK ceiling::protocol)
target_compile_definitions(workload_programs_test PRIVATE
  CEILING_MEMBERSHIP="$<TARGET_FILE:ceiling-membership>"
  CEILING_BACKEND="$<TARGET_FILE:ceiling-backend>")
add_dependencies(workload_programs_test ceiling-membership ceiling-backend)
