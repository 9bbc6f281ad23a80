ceiling_test(prove_kernel_test LABEL kernel
  SOURCES prove/prove_test.cc
  LINK ceiling::prove ceiling::keeper ceiling::cgroups spawn_support)
target_compile_definitions(prove_kernel_test PRIVATE
  CEILING_TESTEE="$<TARGET_FILE:ceiling-testee>")
add_dependencies(prove_kernel_test ceiling-testee)
