ceiling_test(spawn_test LABEL unit
  SOURCES spawn/wire_test.cc
  LINK ceiling::spawn)
