#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "harness/find/find_result.h"

namespace ceiling {

/// Values that are searched: first, first + step, ... up to last.
struct SearchRange {
  std::int64_t first = 1;
  std::int64_t last = 1;
  std::int64_t step = 1;

  std::int64_t size() const { return (last - first) / step + 1; }
};

/// Finds the smallest value that is healthy, from a guess: the guess, the value below it, then by
/// halves; last the lower end, because a program that is healthy there is healthy on no one side of
/// an edge. Tries no more different values than most_values() says. Pure.
class Search {
 public:
  /// `guess`: what it used without a limit; taken to the next value of the range. `repeat`: how
  /// often each of the two values at the edge is tried, at least 1.
  Search(SearchRange range, std::int64_t guess, int repeat);

  /// The value to be tried next; nothing: the search is over.
  std::optional<std::int64_t> next() const;
  /// What came of it.
  void take(std::int64_t value, bool healthy);

  SearchAnswer answer() const;
  std::optional<std::int64_t> smallest_healthy() const;  ///< nothing: no edge, or a flaky one
  bool monotonic() const;
  std::vector<std::int64_t> flaky() const;

  /// What a binary search of the range needs, plus two.
  static std::int64_t most_values(const SearchRange& range);

 private:
  struct Tries {
    int healthy = 0;
    int not_healthy = 0;
  };
  std::int64_t value(std::int64_t index) const { return range_.first + index * range_.step; }
  bool at_edge() const { return above_ - below_ == 1; }
  bool tried(std::int64_t index) const { return tries_.contains(index); }
  std::optional<std::int64_t> once_more() const;

  SearchRange range_;
  std::int64_t guess_;  ///< index
  int repeat_;
  std::int64_t below_ = -1;  ///< the largest index known not to be healthy
  std::int64_t above_;       ///< the smallest known to be
  std::map<std::int64_t, Tries> tries_;
};

}  // namespace ceiling
