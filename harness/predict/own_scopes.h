#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "harness/experiment/experiment.h"
#include "harness/predict/cost_model.h"

namespace ceiling {

/// The limit that answers when a frontend or a fleet wants more than it may have.
struct Refusal {
  LimitName limit{};
  std::int64_t value = 0;
  std::int64_t tasks = 0;  ///< in its scope at that moment
};

/// Frontends of one cell with limits of their own, counted as they come. Nearly all of them have
/// the same limits, so those are asked once, and the drifted ones each.
class Cell {
 public:
  Cell(const LimitPlan& limits, CostModel model);

  void add_member(int member);
  /// Whether all who are in it would have room with that one, which starts.
  bool takes(int member) const;

  /// Who could not start is a member that has not joined.
  int joined() const { return joined_; }
  const std::vector<int>& members() const { return members_; }
  /// Those who joined that may differ in their limits, rising: the drifted ones, and the first of
  /// the others.
  std::vector<int> kinds() const;

  bool anyone_fails() const;
  /// Why it cannot be told whether one of the members fails; empty where it can.
  std::string doubt() const;
  /// Nothing where that member fits. 0: a member without overrides.
  std::optional<Refusal> refusal(int member) const;
  std::int64_t tasks() const;

 private:
  bool starts(int member) const;

  const LimitPlan& limits_;
  CostModel model_;
  std::vector<int> members_;
  std::vector<int> drifted_;
  int plain_ = 0;  // the first that joined without overrides
  int joined_ = 0;
};

/// A fleet whose frontends have limits of their own, dealt out to cells as membership does it; one
/// cell where there are none. With admission a newcomer goes past a cell that has no room for it;
/// where no cell has, what follows is what would be if it were let in all the same.
class OwnScopes {
 public:
  /// Without members. The arm has to outlive it.
  OwnScopes(const ArmPlan& arm, const CostModel& model);

  int size() const { return size_; }
  /// Where the next member comes to: the smallest cell, of several the first.
  std::size_t next_cell() const;
  void add_member();
  const std::vector<Cell>& cells() const { return cells_; }

  bool anyone_fails() const;
  std::string doubt() const;
  struct Failing {
    int member = 0;
    Refusal refusal;
  };
  /// Rising.
  std::vector<Failing> failing() const;
  std::int64_t tasks() const;

 private:
  int start_;
  bool admission_;
  std::vector<Cell> cells_;
  int size_ = 0;
};

/// By its number, how many members the cell of each one has, in a fleet of `size`.
std::map<int, int> cell_sizes(const ArmPlan& arm, const CostModel& model, int size);

}  // namespace ceiling
