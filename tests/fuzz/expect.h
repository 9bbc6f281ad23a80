#pragma once

#include <cstdio>
#include <cstdlib>

/// What holds for every input; a fuzzer reports an abort as a crash.
inline void expect(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "not so: %s\n", what);
  std::abort();
}
