#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

#include "workload/client/pair.h"

namespace ceiling {

struct SweepCount {
  std::uint32_t pairs = 0;
  std::uint32_t routable = 0;
};

/// Puts and reads back one record in every shard of every stream through every target: the targets
/// in parallel, each shard after shard. A target that leaves a request unanswered until the timeout
/// is not asked again: the rest of its pairs count as not routable. `done` is called once, from
/// within this call only when there is nothing to do.
void sweep(Traffic& traffic, const std::vector<std::shared_ptr<Target>>& targets,
           std::function<void(SweepCount)> done);

}  // namespace ceiling
