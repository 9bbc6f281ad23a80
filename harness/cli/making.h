#pragma once

#include <csignal>
#include <filesystem>
#include <string>

#include "cgroups/descriptor.h"
#include "cgroups/hierarchy.h"
#include "harness/observe/event.h"
#include "harness/observe/results_folder.h"

namespace ceiling {

/// What the verbs that make something on this host have in common.

/// A run's folder below `parent`. Throws Usage where it cannot be made.
ResultsFolder make_results_folder(const std::filesystem::path& parent,
                                  const std::string& experiment, const std::string& run_id);

/// The first event of a history: what is run, on which kernel, when.
RunEvent describe_run(const std::string& run_id, const std::string& experiment,
                      const Hierarchy& hierarchy);

/// SIGINT, SIGTERM and SIGHUP wait from here on until release(): between the first thing made and
/// the loop that hears them there must be no moment at which they end us.
class SignalsHeld {
 public:
  SignalsHeld();
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() { release(); }
  void release();
  /// They can be read from it while they wait, signalfd(2).
  Descriptor as_file() const;

 private:
  sigset_t before_;
  sigset_t held_;
};

}  // namespace ceiling
