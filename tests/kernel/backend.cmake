# What a backend keeps, whatever ends it. Needs root only for a disk of its own that gets full.
ceiling_test(backend_kernel_test LABEL kernel
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backend/history.cc
          ${CMAKE_CURRENT_LIST_DIR}/backend/crash_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/backend/split_test.cc
          ${CMAKE_CURRENT_LIST_DIR}/backend/disk_test.cc
  LINK workload_programs_support fmt::fmt-header-only)
target_compile_definitions(backend_kernel_test PRIVATE EARLY_BACKEND="$<TARGET_FILE:early_backend>")
add_dependencies(backend_kernel_test early_backend)
