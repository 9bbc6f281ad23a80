#pragma once

#include <cstdint>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/observe/history.h"

namespace ceiling {

/// What the host has in use of one of its limits before the fleet starts: all that is not a
/// frontend, the run's own services included.
struct HostUse {
  LimitName limit{};
  std::int64_t value = 0;  ///< of the limit that is meant: what kernel.pid_max takes depends on it
  std::int64_t used = 0;
};

/// What samples of scope "host" say, the first of each limit and value. Others are passed over.
std::vector<HostUse> host_use(const std::vector<const SampleEvent*>& samples);

}  // namespace ceiling
