ceiling_test(find_test LABEL unit
  SOURCES find/search_test.cc
  LINK ceiling::find fmt::fmt-header-only)
