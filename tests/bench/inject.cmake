add_executable(thread_maker inject/thread_maker.cc)
target_link_libraries(thread_maker PRIVATE ceiling_options Threads::Threads)

ceiling_test(inject_bench LABEL bench SOURCES inject/inject_bench.cc LINK fmt::fmt-header-only)
target_compile_definitions(inject_bench PRIVATE THREAD_MAKER="$<TARGET_FILE:thread_maker>"
                                                CEILING_PROGRAM="$<TARGET_FILE:ceiling>")
add_dependencies(inject_bench thread_maker ceiling)
