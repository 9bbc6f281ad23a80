#include "harness/keeper/uids.h"

#include <algorithm>
#include <cstdint>
#include <set>
#include <sstream>
#include <string>

#include "cgroups/control_file.h"
#include "cgroups/error.h"

namespace ceiling {
namespace {

/// Uids from `first` to `last`, both included.
struct UidRange {
  std::uint64_t first = 0;
  std::uint64_t last = 0;
};

// Above what distributions, directories and container tools give out, below 2^31 for old programs.
constexpr UidRange kPreferred{1'900'000'000, 1'999'999'999};
constexpr std::uint64_t kOverflow = 65534;  // /proc/sys/kernel/overflowuid: means "not mapped"
constexpr std::uint64_t kHighest = 4'294'967'293;

std::vector<UidRange> mapped_ranges(const std::filesystem::path& root) {
  std::vector<UidRange> ranges;
  std::istringstream lines(read_file(root / "proc/self/uid_map"));
  std::uint64_t inside = 0;
  std::uint64_t outside = 0;
  for (std::uint64_t length = 0; lines >> inside >> outside >> length;) {
    ranges.push_back({inside, inside + length - 1});
  }
  return ranges;
}

// Real, effective, saved and file-system uid of every process; zombies have them too, and are
// charged.
std::set<std::uint64_t> uids_in_use(const std::filesystem::path& root) {
  std::set<std::uint64_t> used;
  for (const int pid : numbered_entries(root / "proc")) {
    const auto status = read_file_if_there(root / "proc" / std::to_string(pid) / "status");
    for (const std::string& uid : words(value_of(status.value_or(""), "Uid:").value_or(""))) {
      used.insert(std::stoull(uid));
    }
  }
  return used;
}

}  // namespace

std::vector<uid_t> free_uids(int count, const std::vector<uid_t>& taken,
                             const std::filesystem::path& root) {
  std::set<std::uint64_t> unfit = uids_in_use(root);
  unfit.insert(taken.begin(), taken.end());
  unfit.insert({0, kOverflow, kOverflow + 1});
  std::vector<uid_t> found;
  const auto wanted = static_cast<std::size_t>(std::max(count, 0));
  const auto take_from = [&](std::uint64_t first, std::uint64_t last) {
    for (std::uint64_t uid = last; uid + 1 > first && found.size() < wanted; --uid) {
      if (unfit.insert(uid).second) {
        found.push_back(static_cast<uid_t>(uid));
      }
    }
  };
  const std::vector<UidRange> mapped = mapped_ranges(root);
  for (const UidRange& range : mapped) {
    take_from(std::max(range.first, kPreferred.first), std::min(range.last, kPreferred.last));
  }
  for (const UidRange& range : mapped) {  // a user namespace that maps less: from its top
    take_from(std::max<std::uint64_t>(range.first, 1), std::min(range.last, kHighest));
  }
  if (found.size() < wanted) {
    throw HostError("only " + std::to_string(found.size()) + " of " + std::to_string(count) +
                        " private user ids are free here",
                    "run outside a user namespace, or map more ids into it (see "
                    "/proc/self/uid_map and subuid(5))");
  }
  return found;
}

}  // namespace ceiling
