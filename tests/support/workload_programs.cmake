# The workload's programs as they are started by hand, and a blocking connection to them.
add_library(workload_programs_support STATIC workload_programs/peer.cc workload_programs/program.cc
            workload_programs/stream_changes.cc)
target_link_libraries(workload_programs_support PUBLIC ceiling::protocol spawn_support PRIVATE ceiling_options)
target_compile_definitions(workload_programs_support PUBLIC
  CEILING_MEMBERSHIP="$<TARGET_FILE:ceiling-membership>"
  CEILING_BACKEND="$<TARGET_FILE:ceiling-backend>"
  CEILING_CACHE="$<TARGET_FILE:ceiling-cache>"
  CEILING_FRONTEND="$<TARGET_FILE:ceiling-frontend>")
add_dependencies(workload_programs_support ceiling-membership ceiling-backend ceiling-cache
                 ceiling-frontend)
