#pragma once

#include "harness/verify/verify.h"

namespace ceiling {

/// Exit statuses of all verbs; 128+N for an end by signal N. See interface in README.md.
enum ExitStatus : int {
  kHolds = 0,
  kRefuted = 1,
  kUnknown = 2,
  kUsage = 64,
  kHostCannot = 69,
  kDefect = 70,
};

inline int exit_status(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return kHolds;
    case Verdict::refuted:
      return kRefuted;
    case Verdict::unknown:
      break;
  }
  return kUnknown;
}

}  // namespace ceiling
