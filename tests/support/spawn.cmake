# Never sanitised: see library-pitfalls, a sanitised program clones at exit.
add_executable(spawn_testee spawn/testee.cc)
target_link_libraries(spawn_testee PRIVATE ceiling_options)
add_library(spawn_support STATIC spawn/support.cc)
target_link_libraries(spawn_support PUBLIC ceiling::spawn ceiling::cgroups PRIVATE ceiling_options)
target_compile_definitions(spawn_support PRIVATE SPAWN_TESTEE="$<TARGET_FILE:spawn_testee>")
add_dependencies(spawn_support spawn_testee)
