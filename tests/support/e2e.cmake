add_library(e2e_support STATIC e2e/ceiling.cc)
target_link_libraries(e2e_support
  PUBLIC spawn_support ceiling::cgroups nlohmann_json::nlohmann_json GTest::gtest
  PRIVATE ceiling_options fmt::fmt-header-only)
target_compile_definitions(e2e_support PRIVATE
  CEILING_PROGRAMS="${CMAKE_RUNTIME_OUTPUT_DIRECTORY}" CEILING_SOURCE="${PROJECT_SOURCE_DIR}")
add_dependencies(e2e_support programs)

# Programs of the workload with one fault each.
ceiling_program(under_reporting_frontend
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/e2e/under_reporting_frontend.cc
  LINK ceiling::frontend CLI11::CLI11)
ceiling_program(forgetful_backend
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/e2e/forgetful_backend.cc
  LINK ceiling::backend CLI11::CLI11)
ceiling_program(stale_cache
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/e2e/stale_cache.cc
  LINK ceiling::frontend CLI11::CLI11)
function(failing_cache name signal victim)
  ceiling_program(${name}
    SOURCES ${PROJECT_SOURCE_DIR}/tests/support/e2e/failing_cache.cc
    LINK ceiling::frontend CLI11::CLI11)
  target_compile_definitions(${name} PRIVATE SIGNAL=${signal} VICTIM="${victim}")
endfunction()
failing_cache(one_stopped_cache SIGSTOP cache-1)
failing_cache(one_killed_cache SIGKILL cache-1)
failing_cache(killed_caches SIGKILL cache-)
failing_cache(stopped_caches SIGSTOP cache-)
function(misreading_frontend name left_beyond used_share)
  ceiling_program(${name}
    SOURCES ${PROJECT_SOURCE_DIR}/tests/support/e2e/misreading_frontend.cc
    LINK ceiling::frontend CLI11::CLI11)
  target_compile_definitions(${name} PRIVATE LEFT_BEYOND=${left_beyond} USED_SHARE=${used_share})
endfunction()
misreading_frontend(hopeful_frontend 1 -1)
misreading_frontend(fearful_frontend -1 -1)
misreading_frontend(mute_frontend 0 0)
misreading_frontend(hasty_frontend 0 100)

ceiling_program(unparted_membership SOURCES ${CMAKE_CURRENT_LIST_DIR}/e2e/unparted_membership.cc)
target_compile_definitions(unparted_membership PRIVATE MEMBERSHIP="$<TARGET_FILE:ceiling-membership>")
