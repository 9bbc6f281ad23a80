# A tree of threads and processes by a plan: as people link their programs, and static.
foreach(kind IN ITEMS tree_testee tree_testee_static)
  add_executable(${kind} ${CMAKE_CURRENT_LIST_DIR}/inject/tree_testee.cc)
  target_link_libraries(${kind} PRIVATE ceiling_options)
endforeach()
target_link_options(tree_testee_static PRIVATE -static)

# By another C library, where its compiler is there.
find_program(MUSL_GCC musl-gcc)
if(MUSL_GCC)
  set(testee ${CMAKE_RUNTIME_OUTPUT_DIRECTORY}/musl_testee)
  add_custom_command(OUTPUT ${testee}
    COMMAND ${MUSL_GCC} -static -O2 -o ${testee} ${CMAKE_CURRENT_LIST_DIR}/inject/musl_testee.c
    DEPENDS ${CMAKE_CURRENT_LIST_DIR}/inject/musl_testee.c VERBATIM)
  add_custom_target(musl_testee ALL DEPENDS ${testee})
endif()
