#include "workload/client/sweep.h"

#include <cstddef>
#include <utility>

namespace ceiling {
namespace {

struct Progress {
  Traffic& traffic;
  SweepCount count;
  std::size_t lanes = 0;  // targets that are not through yet
  std::function<void(SweepCount)> done;
};

void next_shard(const std::shared_ptr<Progress>& progress, const std::shared_ptr<Target>& target,
                std::size_t shard) {
  const std::size_t shards = progress->traffic.keys.shards().size();
  put_and_read_back(progress->traffic, target, target->sweep, shard, [=](PairResult result) {
    if (result == PairResult::routable) ++progress->count.routable;
    if (result != PairResult::no_answer && shard + 1 < shards) {
      return next_shard(progress, target, shard + 1);
    }
    if (--progress->lanes == 0) progress->done(progress->count);
  });
}

}  // namespace

void sweep(Traffic& traffic, const std::vector<std::shared_ptr<Target>>& targets,
           std::function<void(SweepCount)> done) {
  const auto pairs = static_cast<std::uint32_t>(targets.size() * traffic.keys.shards().size());
  if (pairs == 0) return done({});
  auto progress =
      std::make_shared<Progress>(Progress{traffic, {pairs, 0}, targets.size(), std::move(done)});
  for (const auto& target : targets) next_shard(progress, target, 0);
}

}  // namespace ceiling
