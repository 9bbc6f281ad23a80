# Never sanitised: a sanitised program clones at exit, which a small pids.max refuses.
add_executable(cgroups_testee cgroups/testee.cc)
target_link_libraries(cgroups_testee PRIVATE ceiling_options Threads::Threads)
