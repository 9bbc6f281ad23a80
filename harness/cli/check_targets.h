#pragma once

#include <filesystem>
#include <vector>

#include "harness/check/policy.h"
#include "harness/check/what_if.h"

namespace ceiling {

/// How the targets of `check` are to be read.
struct TargetsHow {
  std::filesystem::path from{};      ///< a snapshot; empty: this host
  std::filesystem::path snapshot{};  ///< written with what was read; empty: none
  std::filesystem::path policy{};    ///< names the requirements in what is wrong; empty: options do
  bool probe = false;
  bool count_all = false;  ///< also where bounds answer: for a change, or a proof
};

/// The targets of `asked`, in order, from this host or from a snapshot. Throws BadInput or Usage
/// naming every target that is not there, Vanished, HostError; then no snapshot is written.
std::vector<Subject> read_targets(const std::vector<Requirement>& asked, const TargetsHow& how);

/// Lays every change over every target that it can be laid over. Throws BadInput where that is
/// none.
void apply(const std::vector<Change>& changes, std::vector<Subject>& subjects,
           std::vector<Requirement>& asked);

}  // namespace ceiling
