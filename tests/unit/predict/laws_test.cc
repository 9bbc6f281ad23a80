// The growth laws against an independent model that knows no law: it adds members one by one,
// threads one by one, and asks at each whether there is room.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <vector>

#include "harness/predict/predict.h"

namespace ceiling {
namespace {

struct Seen {
  std::optional<int> fleet_size;
  std::optional<std::int64_t> threads;
  std::optional<LimitName> limit;
  int frontends_failed = 0;
  std::int64_t peak = 0;
};

class FleetModel {
 public:
  FleetModel(const ArmPlan& arm, const CostModel& model) : arm_(arm), model_(model) {}

  Seen run() {
    int visited = arm_.fleet.start;
    while (true) {
      while (static_cast<int>(tasks_.size()) < visited) add_member();
      if (seen_.threads) {
        seen_.fleet_size = visited;
        break;
      }
      if (visited == arm_.fleet.end) break;
      visited = std::min(visited + arm_.fleet.step, arm_.fleet.end);
    }
    seen_.frontends_failed = static_cast<int>(std::count(failed_.begin(), failed_.end(), true));
    return seen_;
  }

 private:
  void add_member() {
    tasks_.push_back(1);  // the main process joins, whatever the limit says
    failed_.push_back(false);
    ++total_;
    seen_.peak = std::max(seen_.peak, total_);
    const int peers = static_cast<int>(tasks_.size()) - 1;
    for (std::size_t member = tasks_.size(); member-- > 0;) {
      const int wanted = model_.base + model_.per_peer * peers;
      while (tasks_[member] < wanted && create_thread(member)) {
      }
    }
  }

  bool create_thread(std::size_t member) {
    const std::int64_t in_scope = arm_.limits.scope == LimitScope::fleet ? total_ : tasks_[member];
    std::optional<LimitName> refused_by;
    if (arm_.limits.sets(LimitName::rlimit_nproc) &&
        in_scope + 1 > *arm_.limits.value(LimitName::rlimit_nproc)) {
      refused_by = LimitName::rlimit_nproc;
    } else if (arm_.limits.sets(LimitName::pids_max) &&
               in_scope + 1 > *arm_.limits.value(LimitName::pids_max)) {
      refused_by = LimitName::pids_max;
    }
    if (refused_by) {
      if (!seen_.threads) {
        seen_.threads = in_scope;
        seen_.limit = refused_by;
      }
      failed_[member] = true;
      return false;
    }
    ++tasks_[member];
    ++total_;
    seen_.peak = std::max(seen_.peak, total_);
    return true;
  }

  const ArmPlan& arm_;
  const CostModel& model_;
  std::vector<std::int64_t> tasks_;
  std::vector<bool> failed_;
  std::int64_t total_ = 0;
  Seen seen_;
};

struct Mismatch {
  int count = 0;
  std::string first;
};

/// Compares one case; keeps the loops free of a million assertions.
void compare(const ArmPlan& arm, const CostModel& model, Mismatch& mismatch) {
  const Seen seen = FleetModel(arm, model).run();
  const Prediction predicted = predict(arm, model);
  const bool all_fail = arm.limits.scope == LimitScope::fleet || !seen.fleet_size ||
                        seen.frontends_failed == *seen.fleet_size;
  if (predicted.fleet_size == seen.fleet_size && predicted.threads == seen.threads &&
      predicted.limit == seen.limit && peak_tasks(arm, model) == seen.peak && all_fail) {
    return;
  }
  if (mismatch.count++ > 0) return;
  const auto show = [](const auto& value) { return value ? std::to_string(*value) : "none"; };
  mismatch.first = "scope " + std::string(to_string(arm.limits.scope)) + ", pids.max " +
                   show(arm.limits.value(LimitName::pids_max)) + ", NPROC " +
                   show(arm.limits.value(LimitName::rlimit_nproc)) + ", base " +
                   std::to_string(model.base) + ", per peer " + std::to_string(model.per_peer) +
                   ", start " + std::to_string(arm.fleet.start) + ", end " +
                   std::to_string(arm.fleet.end) + ", step " + std::to_string(arm.fleet.step) +
                   ": predicted " + show(predicted.fleet_size) + "/" + show(predicted.threads) +
                   " peak " + std::to_string(peak_tasks(arm, model)) + ", seen " +
                   show(seen.fleet_size) + "/" + show(seen.threads) + " peak " +
                   std::to_string(seen.peak) + ", failed " + std::to_string(seen.frontends_failed);
}

class Laws : public testing::TestWithParam<LimitScope> {};

TEST_P(Laws, HoldAgainstCountingForEveryLimit) {
  Mismatch mismatch;
  ArmPlan arm;
  arm.limits.scope = GetParam();
  for (int per_peer = 1; per_peer <= 4; ++per_peer) {
    for (int base = 1; base <= 8; ++base) {
      for (int step = 1; step <= 5; ++step) {
        for (int limit = 1; limit <= 200; ++limit) {
          arm.fleet = {1 + limit % 4, 24 + limit % 3, step, per_peer};
          arm.limits.set(LimitName::pids_max, limit);
          compare(arm, {base, per_peer, "documented", {}}, mismatch);
        }
      }
    }
  }
  EXPECT_EQ(mismatch.count, 0) << mismatch.first;
}

TEST_P(Laws, HoldAgainstCountingForTwoLimitsCloseToEachOther) {
  Mismatch mismatch;
  ArmPlan arm;
  arm.limits.scope = GetParam();
  for (int per_peer = 0; per_peer <= 4; ++per_peer) {
    for (int base = 2; base <= 5; ++base) {
      for (int limit = 4; limit <= 120; ++limit) {
        for (int apart = -3; apart <= 3; ++apart) {
          arm.fleet = {2, 20, 1, per_peer};
          arm.limits.set(LimitName::pids_max, limit);
          arm.limits.set(LimitName::rlimit_nproc, limit + apart);
          compare(arm, {base, per_peer, "documented", {}}, mismatch);
        }
      }
    }
  }
  EXPECT_EQ(mismatch.count, 0) << mismatch.first;
}

INSTANTIATE_TEST_SUITE_P(Scopes, Laws, testing::Values(LimitScope::frontend, LimitScope::fleet),
                         [](const auto& scope) { return std::string(to_string(scope.param)); });

TEST(Laws, OfOneFrontendAreTheFormulaOfTheDesign) {
  for (int per_peer = 1; per_peer <= 4; ++per_peer) {
    for (int base = 1; base <= 8; ++base) {
      for (int limit = base; limit <= 200; ++limit) {
        ArmPlan arm;
        arm.fleet = {1, 300, 1, per_peer};
        arm.limits.set(LimitName::pids_max, limit);
        ASSERT_EQ(predict(arm, {base, per_peer, "documented", {}}).fleet_size,
                  (limit - base) / per_peer + 2);
      }
    }
  }
}

}  // namespace
}  // namespace ceiling
