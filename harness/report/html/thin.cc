#include "harness/report/html/thin.h"

#include <algorithm>
#include <set>

namespace ceiling {
namespace {

/// The first, last, least and greatest of one stretch.
void keep_extremes(std::span<const double> values, std::span<const std::size_t> stretch,
                   std::set<std::size_t>& kept) {
  const auto [least, greatest] = std::minmax_element(
      stretch.begin(), stretch.end(),
      [&values](std::size_t one, std::size_t other) { return values[one] < values[other]; });
  kept.insert({stretch.front(), stretch.back(), *least, *greatest});
}

}  // namespace

std::vector<std::size_t> drawn(std::span<const double> values, std::size_t most) {
  const bool all = values.size() <= most;
  std::vector<std::size_t> changes;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const bool end = i == 0 || i + 1 == values.size();
    if (all || end || values[i] != values[i - 1] || values[i] != values[i + 1])
      changes.push_back(i);
  }
  if (changes.size() <= most) return changes;
  const std::size_t stretches = std::max<std::size_t>(most / 4, 1);
  std::set<std::size_t> kept;
  for (std::size_t n = 0; n < stretches; ++n) {
    const std::size_t from = changes.size() * n / stretches;
    const std::size_t to = changes.size() * (n + 1) / stretches;
    keep_extremes(values, std::span(changes).subspan(from, to - from), kept);
  }
  return {kept.begin(), kept.end()};
}

}  // namespace ceiling
