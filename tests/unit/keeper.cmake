ceiling_test(keeper_test LABEL unit
  SOURCES keeper/host_settings_test.cc keeper/registry_test.cc keeper/uids_test.cc
  LINK ceiling::keeper spawn_support)
