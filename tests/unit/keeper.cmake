ceiling_test(keeper_test LABEL unit
  SOURCES keeper/registry_test.cc keeper/uids_test.cc
  LINK ceiling::keeper spawn_support)
