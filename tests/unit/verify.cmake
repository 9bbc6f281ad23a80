ceiling_test(verify_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/verify/story.cc ${CMAKE_CURRENT_LIST_DIR}/verify/outcome_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/attribution_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/cache_fleet_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/guardrails_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/host_limit_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/kept_up_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/invariants_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/records_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/shape_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/damage_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/dependents_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/verify/recovery_test.cc
  LINK ceiling::verify ceiling::hash_key)
