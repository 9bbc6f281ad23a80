// The growth laws against an independent model that knows no law: it adds members one by one,
// threads one by one, and asks at each whether there is room.

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <numeric>
#include <optional>
#include <random>
#include <utility>
#include <vector>

#include "harness/predict/predict.h"

namespace ceiling {
namespace {

struct Seen {
  std::optional<int> fleet_size;
  std::optional<std::int64_t> threads;
  std::optional<LimitName> limit;
  std::vector<int> failing;
  std::vector<int> first;
  std::int64_t peak = 0;
};

class FleetModel {
 public:
  FleetModel(const ArmPlan& arm, const CostModel& model) : arm_(arm), model_(model) {}

  Seen run() {
    int visited = arm_.fleet.start;
    while (true) {
      while (static_cast<int>(tasks_.size()) < visited) {
        add_member();
        if (seen_.first.empty()) seen_.first = failing();
      }
      if (seen_.threads) {
        seen_.fleet_size = visited;
        break;
      }
      if (visited == arm_.fleet.end) break;
      visited = std::min(visited + arm_.fleet.step, arm_.fleet.end);
    }
    seen_.failing = failing();
    return seen_;
  }

 private:
  void add_member() {
    tasks_.push_back(1);  // the main process joins, whatever the limit says
    failed_.push_back(false);
    ++total_;
    seen_.peak = std::max(seen_.peak, total_);
    if (!starts(tasks_.size() - 1)) return;
    const int peers = joined_++;
    for (std::size_t member = tasks_.size(); member-- > 0;) {
      if (arm_.limits.scope == LimitScope::frontend && tasks_[member] < model_.base) continue;
      const int wanted = model_.base + model_.per_peer * peers;
      while (tasks_[member] < wanted && create_thread(member)) {
      }
    }
  }

  /// Who lacks threads of its own in a scope of its own never joins.
  bool starts(std::size_t member) {
    if (arm_.limits.scope == LimitScope::fleet) return true;
    while (tasks_[member] < model_.base) {
      if (!create_thread(member)) return false;
    }
    return true;
  }

  std::vector<int> failing() const {
    std::vector<int> members;
    for (std::size_t member = 0; member < failed_.size(); ++member) {
      if (failed_[member]) members.push_back(static_cast<int>(member) + 1);
    }
    return members;
  }

  bool create_thread(std::size_t member) {
    const std::int64_t in_scope = arm_.limits.scope == LimitScope::fleet ? total_ : tasks_[member];
    std::optional<LimitName> refused_by;
    const int number = static_cast<int>(member) + 1;
    const auto nproc = arm_.limits.value(LimitName::rlimit_nproc, number);
    const auto pids = arm_.limits.value(LimitName::pids_max, number);
    if (nproc && in_scope + 1 > *nproc) {
      refused_by = LimitName::rlimit_nproc;
    } else if (pids && in_scope + 1 > *pids) {
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
  int joined_ = 0;
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
  const bool all_fail =
      arm.limits.scope == LimitScope::fleet || !seen.fleet_size ||
      (std::cmp_equal(seen.failing.size(), *seen.fleet_size) && predicted.failing == seen.failing &&
       predicted.member.has_value() == (seen.failing.size() == 1));
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
                   std::to_string(seen.peak) + ", failed " + std::to_string(seen.failing.size());
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

TEST(Laws, HoldAgainstCountingWhereMembersDrifted) {
  std::mt19937 random(20201125);  // NOLINT: the same cases every time
  const auto pick = [&random](int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
  };
  int alone = 0;
  for (int round = 0; round < 20'000; ++round) {
    ArmPlan arm;
    arm.fleet = {2, pick(6, 16), pick(1, 4), pick(1, 3)};
    const CostModel model{pick(1, 5), arm.fleet.threads_per_peer, "documented", {}};
    const int fits = model.base + model.per_peer;  // the starting fleet
    if (pick(0, 3) > 0) arm.limits.set(LimitName::pids_max, fits + pick(0, 40));
    for (int drifted = pick(1, 3); drifted > 0; --drifted) {
      const int member = pick(1, arm.fleet.end);
      const int least = member <= arm.fleet.start ? fits : 1;
      const auto name = pick(0, 1) == 0 ? LimitName::pids_max : LimitName::rlimit_nproc;
      arm.limits.overrides[member][name].value = least + pick(0, 40);
    }
    const Seen seen = FleetModel(arm, model).run();
    const Prediction predicted = predict(arm, model);
    ASSERT_EQ(predicted.fleet_size, seen.fleet_size) << "round " << round;
    ASSERT_EQ(predicted.failing, seen.failing) << "round " << round;
    ASSERT_EQ(predicted.member.has_value(), seen.first.size() == 1) << "round " << round;
    ASSERT_EQ(peak_tasks(arm, model), seen.peak) << "round " << round;
    if (!predicted.member) continue;
    ++alone;
    ASSERT_EQ(predicted.member, seen.first.front()) << "round " << round;
    ASSERT_EQ(predicted.threads, seen.threads) << "round " << round;
    ASSERT_EQ(predicted.limit, seen.limit) << "round " << round;
  }
  EXPECT_GT(alone, 5'000);
}

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
