#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "harness/verify/verify.h"

namespace ceiling {

/// An invariant while it is checked: it holds until something violates it.
class Check {
 public:
  explicit Check(std::string name) {
    invariant_.name = std::move(name);
    invariant_.holds = true;
  }

  void count() { ++invariant_.checked; }
  bool vacuous() const { return invariant_.checked == 0; }
  /// The first violation is the evidence.
  void violated(const std::string& evidence) {
    if (invariant_.holds == false) return;
    invariant_.holds = false;
    invariant_.evidence = evidence;
  }
  Invariant result() const { return invariant_; }
  Invariant cannot_judge(const std::string& why) const {
    Invariant open = invariant_;
    open.holds.reset();
    open.evidence = why;
    return open;
  }

 private:
  Invariant invariant_;
};

}  // namespace ceiling
