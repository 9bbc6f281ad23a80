#pragma once

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/predict/predict.h"

/// What the texts of predictions and results say alike.
namespace ceiling::words {

template <typename T>
std::string or_dash(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "-";
}
inline std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string guardrails(const ArmPlan& arm);
std::string cost(const CostModel& model);
/// What a frontend costs of what the limits of its process count, a line for each that is set.
std::vector<std::string> resource_lines(const CostModel& model, const LimitPlan& limits);
std::string scope(LimitScope scope);
/// What the limit counts. Numbers that are taken: held, or not given out any more.
std::string unit(const Prediction& predicted);
/// By an addition, under a limit of that name: threads, or the connections that they serve.
std::string_view taken_under(std::string_view limit);
/// One size, or the range of an estimate.
std::string fleet_size(const Prediction& predicted);
/// What became of the ceiling of a fleet that is reshaped; nothing for any other.
std::vector<std::string> ceilings(const ArmPlan& arm, const Prediction& predicted);

}  // namespace ceiling::words
