# Never sanitised: it is the time in which nothing but the kernel works.
add_executable(bare_mesh mesh/bare_mesh.cc)
target_link_libraries(bare_mesh PRIVATE ceiling_options Threads::Threads)

ceiling_test(mesh_bench LABEL bench SOURCES mesh/mesh_bench.cc LINK fleet_support fmt::fmt-header-only)
target_compile_definitions(mesh_bench PRIVATE BARE_MESH="$<TARGET_FILE:bare_mesh>"
                                              CEILING_PROGRAM="$<TARGET_FILE:ceiling>"
                                              EXPERIMENTS="${PROJECT_SOURCE_DIR}/harness/experiments")
add_dependencies(mesh_bench bare_mesh ceiling programs)
