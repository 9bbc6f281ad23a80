#include "harness/report/arms_table.h"

#include <fmt/format.h>

#include <algorithm>

namespace ceiling {
namespace {

/// Where a fleet ends: at a size that fails, or before one that is kept out.
std::string end_of(const std::optional<int>& fails, const std::optional<int>& kept_out) {
  if (kept_out) return fmt::format("kept at {}", *kept_out - 1);
  return fails ? fmt::format("fails at {}", *fails) : "none";
}

std::string predicted_end(const Prediction& predicted) {
  if (!predicted.doubt.empty()) return "-";
  if (predicted.fleet_size_most && predicted.fleet_size_most != predicted.fleet_size)
    return fmt::format("fails at {}-{}", *predicted.fleet_size, *predicted.fleet_size_most);
  return end_of(predicted.fleet_size, predicted.admission
                                          ? std::optional(predicted.admission->fleet_size)
                                          : std::nullopt);
}

std::string observed_end(const ArmVerdict& arm) {
  const Observed& seen = arm.observed;
  const bool whole = arm.outcome == Outcome::not_reached || arm.outcome == Outcome::prevented;
  if (!seen.fleet_size && !seen.admission && !whole) return "-";
  // Where a frontend failed, nothing was prevented.
  return end_of(seen.fleet_size, seen.admission && !seen.fleet_size
                                     ? std::optional(seen.admission->fleet_size)
                                     : std::nullopt);
}

}  // namespace

void arms_table(Page& page, const std::vector<ArmVerdict>& arms) {
  std::size_t width = 3;
  for (const ArmVerdict& arm : arms) width = std::max(width, arm.arm.name.size());
  const auto row = [&](const std::string& name, const std::string& predicted,
                       const std::string& observed, const std::string& routable,
                       const std::string& verdict) {
    return fmt::format("{:<{}}  {:>14}  {:>14}  {:>15}  {}", name, width, predicted, observed,
                       routable, verdict);
  };
  page.line(2, row("arm", "predicted", "observed", "lowest routable", "verdict"));
  for (const ArmVerdict& arm : arms) {
    page.line(2, row(arm.arm.name, arm.cost_model ? predicted_end(arm.predicted) : "-",
                     observed_end(arm), percent(arm.routable.lowest),
                     fmt::format("{} {}", to_string(arm.verdict), to_string(arm.outcome))));
  }
  page.blank();
}

}  // namespace ceiling
