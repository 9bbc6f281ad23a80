#include "harness/verify/guardrails.h"

#include <fmt/format.h>

#include "harness/predict/alarm.h"

namespace ceiling {
namespace {

using Lines = std::vector<std::string>;

template <typename T>
void compare(Lines& found, const char* what, const T& predicted, const T& observed) {
  if (predicted == observed) return;
  found.push_back(fmt::format("{}: predicted {}, observed {}", what, predicted, observed));
}

bool read_exactly(LimitName limit) {
  return !counted_by(limit) || limit == LimitName::rlimit_nofile;
}

}  // namespace

Lines admission_mismatches(const Prediction& predicted, const Observed& observed) {
  const auto& expected = predicted.admission;
  const auto& seen = observed.admission;
  if (!expected && !seen) return {};
  if (!expected)
    return {fmt::format("{} was kept out at {} frontends, where it was predicted to fit",
                        seen->frontend, seen->fleet_size)};
  if (!seen)
    return {
        fmt::format("predicted that admission keeps out the addition to {} frontends, it kept "
                    "out none",
                    expected->fleet_size)};
  if (seen->limit.empty())
    return {fmt::format("{} was kept out because {} did not say what room it has", seen->frontend,
                        seen->member)};
  Lines found;
  compare(found, "refused addition, to a fleet of", expected->fleet_size, seen->fleet_size);
  compare(found, "refused addition, by", std::string(to_string(expected->limit)), seen->limit);
  if (expected->member)
    compare(found, "refused addition, ceiling of", member_name(*expected->member), seen->member);
  compare(found, "refused addition, threads needed", expected->needed, seen->needed);
  // Of address space a process can only tell the least.
  if (read_exactly(expected->limit))
    compare(found, "refused addition, threads left", expected->left, seen->left);
  return found;
}

Lines alarm_mismatches(const Prediction& predicted, const Observed& observed) {
  const auto& expected = predicted.alarm;
  if (!expected && !observed.alarm) return {};
  if (!expected)
    return {
        fmt::format("false alarm: {} raised it at {} frontends, and the fleet never gets to "
                    "that share of a limit",
                    observed.alarm->frontend, *observed.alarm_step)};
  if (!observed.alarm)
    return {fmt::format("late alarm: predicted at {} frontends, none was raised",
                        expected->fleet_size)};
  Lines found;
  if (*observed.alarm_step < expected->fleet_size)
    found.push_back(fmt::format("false alarm: predicted at {} frontends, raised at {}",
                                expected->fleet_size, *observed.alarm_step));
  if (*observed.alarm_step > expected->fleet_size)
    found.push_back(fmt::format("late alarm: predicted at {} frontends, raised at {}",
                                expected->fleet_size, *observed.alarm_step));
  compare(found, "alarm, of the limit", std::string(to_string(expected->limit)),
          observed.alarm->limit);
  if (expected->servers_left < kServersAfterAlarm)
    found.push_back(fmt::format("late alarm: at {} frontends {} more fit, fewer than {}",
                                expected->fleet_size, expected->servers_left, kServersAfterAlarm));
  return found;
}

Lines against_prevented(const ArmLog& log) {
  for (const StepLog& step : log.steps) {
    if (step.refusals.empty()) continue;
    return {fmt::format("the kernel refused {} a thread in the step to {}",
                        step.refusals.front()->frontend, step.step->fleet_size)};
  }
  return {};
}

}  // namespace ceiling
