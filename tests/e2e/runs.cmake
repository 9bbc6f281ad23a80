# The programs as a user runs them. tests/support/e2e/ceiling.h starts them and says what they left.
ceiling_test(runs_test LABEL e2e
  SOURCES
    runs/confirmed_test.cc
    runs/verify_test.cc
    runs/refuted_test.cc
    runs/guardrails_test.cc
    runs/bad_input_test.cc
    runs/host_test.cc
    runs/streams_test.cc
    runs/together_test.cc
    runs/deaths_test.cc
    runs/group_guard_test.cc
    runs/dependents_test.cc
    runs/recovery_test.cc
    runs/zz_left_behind_test.cc
  LINK e2e_support fmt::fmt-header-only)
target_compile_definitions(runs_test PRIVATE
  UNDER_REPORTING_FRONTEND="$<TARGET_FILE:under_reporting_frontend>"
  FORGETFUL_BACKEND="$<TARGET_FILE:forgetful_backend>"
  HOPEFUL_FRONTEND="$<TARGET_FILE:hopeful_frontend>"
  FEARFUL_FRONTEND="$<TARGET_FILE:fearful_frontend>"
  MUTE_FRONTEND="$<TARGET_FILE:mute_frontend>"
  HASTY_FRONTEND="$<TARGET_FILE:hasty_frontend>"
  STALE_CACHE="$<TARGET_FILE:stale_cache>"
  UNPARTED_MEMBERSHIP="$<TARGET_FILE:unparted_membership>")
add_dependencies(runs_test under_reporting_frontend forgetful_backend hopeful_frontend
                 fearful_frontend mute_frontend hasty_frontend
                 stale_cache unparted_membership)

ceiling_test(lost_caches_test LABEL e2e
  SOURCES runs/lost_caches_test.cc
  LINK e2e_support fmt::fmt-header-only)
target_compile_definitions(lost_caches_test PRIVATE
  ONE_STOPPED_CACHE="$<TARGET_FILE:one_stopped_cache>"
  ONE_KILLED_CACHE="$<TARGET_FILE:one_killed_cache>"
  STOPPED_CACHES="$<TARGET_FILE:stopped_caches>"
  KILLED_CACHES="$<TARGET_FILE:killed_caches>")
add_dependencies(lost_caches_test one_stopped_cache one_killed_cache stopped_caches killed_caches)
