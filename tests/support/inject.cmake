# A tree of threads and processes by a plan: as people link their programs, and static.
foreach(kind IN ITEMS tree_testee tree_testee_static)
  add_executable(${kind} ${CMAKE_CURRENT_LIST_DIR}/inject/tree_testee.cc)
  target_link_libraries(${kind} PRIVATE ceiling_options)
endforeach()
target_link_options(tree_testee_static PRIVATE -static)
