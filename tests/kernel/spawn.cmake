ceiling_test(spawn_kernel_test LABEL kernel
  SOURCES spawn/launcher_test.cc spawn/pid_namespace_test.cc spawn/steps_test.cc
  LINK ceiling::spawn ceiling::cgroups spawn_support)
