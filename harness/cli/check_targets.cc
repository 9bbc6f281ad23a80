#include "harness/cli/check_targets.h"

#include <fmt/chrono.h>
#include <sys/utsname.h>

#include <algorithm>
#include <ctime>

#include "cgroups/error.h"
#include "harness/check/ask_systemd.h"
#include "harness/check/snapshot.h"
#include "harness/check/subject.h"
#include "harness/cli/verb.h"
#include "harness/observe/results_folder.h"

namespace ceiling {
namespace {

constexpr std::size_t kMostSnapshotBytes = std::size_t{64} << 20;

/// Limits can be asked for without control groups, too: then there are none to see.
Hierarchy hierarchy_here() {
  try {
    return Hierarchy::detect();
  } catch (const HostError&) {
    return Hierarchy::none();
  }
}

/// `read` for each of `asked`; those that are not there are all said at once.
template <typename Read>
std::vector<Subject> read_all(const std::vector<Requirement>& asked, const TargetsHow& how,
                              const Read& read) {
  std::vector<Subject> subjects;
  std::vector<Finding> missing;
  for (const Requirement& one : asked) {
    try {
      subjects.push_back(read(one));
    } catch (const NoSuchTarget& wrong) {
      if (how.policy.empty()) throw Usage(wrong.what());
      missing.push_back({one.at.line, one.at.column, wrong.what()});
    } catch (const BadInput& wrong) {
      if (how.policy.empty()) throw;
      missing.push_back({one.at.line, one.at.column, wrong.what()});
    }
  }
  if (!missing.empty()) throw BadInput(how.policy.string(), std::move(missing));
  return subjects;
}

Snapshot taken_now(std::vector<Subject> subjects) {
  utsname names{};
  ::uname(&names);
  return {.host = names.nodename,
          .taken = fmt::format("{:%Y-%m-%dT%H:%M:%SZ}", fmt::gmtime(std::time(nullptr))),
          .subjects = std::move(subjects)};
}

std::vector<Subject> read_here(const std::vector<Requirement>& asked, const TargetsHow& how) {
  const Hierarchy hierarchy = hierarchy_here();
  const bool everything = how.count_all || !how.snapshot.empty();
  return read_all(asked, how, [&](const Requirement& one) {
    const std::int64_t each = one.need.threads_per_peer;
    return read_subject(hierarchy, one.selector,
                        {.probe = how.probe,
                         .count_all = everything,
                         .needed = one.need.threads,  // the largest fleet is wanted exactly
                         .threads_per_peer = everything ? std::max<std::int64_t>(each, 1) : each,
                         .stack = one.need.stack},
                        ask_systemd);
  });
}

}  // namespace

std::vector<Subject> read_targets(const std::vector<Requirement>& asked, const TargetsHow& how) {
  if (!how.from.empty()) {
    const std::string file = how.from.string();
    const Snapshot snapshot = parse_snapshot(read_bounded(how.from, kMostSnapshotBytes), file);
    return read_all(asked, how, [&](const Requirement& one) {
      return subject_in(snapshot, one.selector, file);
    });
  }
  std::vector<Subject> subjects = read_here(asked, how);
  if (!how.snapshot.empty()) write_user_file(how.snapshot, snapshot_json(taken_now(subjects)));
  return subjects;
}

void apply(const std::vector<Change>& changes, std::vector<Subject>& subjects,
           std::vector<Requirement>& asked) {
  for (const Change& change : changes) {
    const bool nowhere = std::none_of(subjects.begin(), subjects.end(), [&](const Subject& one) {
      return concerns(change, one.facts.place);
    });
    for (std::size_t i = 0; i < subjects.size(); ++i) {
      if (!nowhere && !concerns(change, subjects[i].facts.place)) continue;
      apply(change, subjects[i], asked[i].need);
    }
  }
}

}  // namespace ceiling
