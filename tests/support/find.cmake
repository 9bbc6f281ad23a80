# A program with a known need of tasks, and what it does when it is refused one.
add_executable(find_testee ${CMAKE_CURRENT_LIST_DIR}/find/find_testee.cc)
target_link_libraries(find_testee PRIVATE ceiling_options)
