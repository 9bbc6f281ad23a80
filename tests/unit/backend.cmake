ceiling_test(backend_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backend/lease_table_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/backend/throttle_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/backend/record_store_test.cc
  LINK ceiling::backend spawn_support)
