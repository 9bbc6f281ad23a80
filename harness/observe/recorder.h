#pragma once

#include <chrono>
#include <string>

#include "cgroups/descriptor.h"
#include "harness/observe/history.h"

namespace ceiling {

/// Writes history.jsonl as things happen: one line an event, in one write(2), so that a line is
/// whole or missing however the run ends.
class Recorder {
 public:
  /// `file` is open for appending. Time counts from here.
  explicit Recorder(Descriptor file);

  /// The arm that the events from now on belong to; empty between arms.
  void enter_arm(std::string name) { arm_ = std::move(name); }

  /// Throws HostError when it cannot be written (a full disk).
  template <class What>
  void record(What what) {
    write({.t_s = elapsed_s(), .arm = arm_, .what = std::move(what)});
  }

  /// As record(), of what happened at another time.
  template <class What>
  void record_at(double t_s, What what) {
    write({.t_s = t_s, .arm = arm_, .what = std::move(what)});
  }

  double elapsed_s() const;

 private:
  void write(const Event& event);

  Descriptor file_;
  std::chrono::steady_clock::time_point start_;
  std::string arm_;
};

}  // namespace ceiling
