ceiling_test(keeper_kernel_test LABEL kernel
  SOURCES keeper/host_settings_test.cc keeper/keeper_test.cc keeper/killed_test.cc keeper/test_run.cc
  LINK ceiling::keeper ceiling::cgroups spawn_support)
