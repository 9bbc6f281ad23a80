ceiling_test(observe_test LABEL unit
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/observe/operations_folder_test.cc
  LINK ceiling::observe spawn_support)
