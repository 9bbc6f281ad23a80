#include "harness/find/search.h"

#include <algorithm>

namespace ceiling {

Search::Search(SearchRange range, std::int64_t guess, int repeat)
    : range_(range), repeat_(repeat), above_(range.size()) {
  const std::int64_t up = (guess - range.first + range.step - 1) / range.step;
  guess_ = std::clamp<std::int64_t>(up, 0, range.size() - 1);
}

std::int64_t Search::most_values(const SearchRange& range) {
  std::int64_t halvings = 0;
  while ((std::int64_t{1} << halvings) < range.size() + 1) ++halvings;
  return halvings + 2;
}

std::optional<std::int64_t> Search::next() const {
  if (tries_.empty()) return value(guess_);
  if (!at_edge()) {
    const std::int64_t neighbour = above_ == guess_ ? guess_ - 1 : guess_ + 1;
    return value(tries_.size() == 1 ? neighbour : (below_ + above_) / 2);
  }
  if (answer() != SearchAnswer::found) return std::nullopt;
  if (!tried(0) && static_cast<std::int64_t>(tries_.size()) < most_values(range_)) return value(0);
  return once_more();
}

std::optional<std::int64_t> Search::once_more() const {
  for (const std::int64_t index : {above_, below_}) {
    const Tries& tries = tries_.at(index);
    const bool decided = tries.healthy > 0 && tries.not_healthy > 0;
    if (!decided && tries.healthy + tries.not_healthy < repeat_) return value(index);
  }
  return std::nullopt;
}

void Search::take(std::int64_t taken, bool healthy) {
  const std::int64_t index = (taken - range_.first) / range_.step;
  const bool edge_is_known = at_edge();
  Tries& tries = tries_[index];
  ++(healthy ? tries.healthy : tries.not_healthy);
  if (edge_is_known) return;
  if (healthy) {
    above_ = std::min(above_, index);
  } else {
    below_ = std::max(below_, index);
  }
}

SearchAnswer Search::answer() const {
  if (above_ == range_.size()) return SearchAnswer::unhealthy_everywhere;
  return below_ < 0 ? SearchAnswer::healthy_everywhere : SearchAnswer::found;
}

std::optional<std::int64_t> Search::smallest_healthy() const {
  if (!at_edge() || answer() != SearchAnswer::found || !flaky().empty()) return std::nullopt;
  return value(above_);
}

bool Search::monotonic() const {
  std::optional<std::int64_t> healthy;
  for (const auto& [index, tries] : tries_) {
    if (tries.healthy > 0 && !healthy) healthy = index;
    if (tries.not_healthy > 0 && healthy && *healthy < index) return false;
  }
  return true;
}

std::vector<std::int64_t> Search::flaky() const {
  std::vector<std::int64_t> values;
  for (const auto& [index, tries] : tries_) {
    if (tries.healthy > 0 && tries.not_healthy > 0) values.push_back(value(index));
  }
  return values;
}

}  // namespace ceiling
