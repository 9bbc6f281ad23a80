# Acknowledges before the record is on disk.
ceiling_program(early_backend
  SOURCES ${CMAKE_CURRENT_LIST_DIR}/backend/early_backend.cc
  LINK ceiling::backend CLI11::CLI11)
