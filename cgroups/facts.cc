#include "cgroups/facts.h"

#include <utility>

namespace ceiling {

Reading seen(std::optional<std::int64_t> number) {
  return {number, ""};
}

Reading unseen(std::string why) {
  return {std::nullopt, std::move(why)};
}

std::int64_t HostFacts::first_free_pid() const {
  constexpr std::int64_t kReservedPids = 300;  // RESERVED_PIDS, kernel/pid.c
  const std::int64_t cursor = last_pid ? *last_pid + 1 : kReservedPids;
  return cursor <= kReservedPids ? cursor : kReservedPids;
}

}  // namespace ceiling
