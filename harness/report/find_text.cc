#include <fmt/format.h>

#include <algorithm>

#include "harness/report/find.h"
#include "harness/report/page.h"

namespace ceiling {
namespace {

Tone tone(TrialOutcome outcome) {
  switch (outcome) {
    case TrialOutcome::healthy:
      return Tone::good;
    case TrialOutcome::crashed:
    case TrialOutcome::hung:
      return Tone::bad;
    default:
      return Tone::doubtful;
  }
}

std::string refusals(const FindTrial& trial) {
  if (!trial.refusals) return "-";
  return std::to_string(*trial.refusals);
}

std::string values(const std::vector<std::int64_t>& all) {
  std::string text;
  for (const std::int64_t one : all) text += fmt::format("{}{}", text.empty() ? "" : ", ", one);
  return text;
}

std::vector<std::int64_t> healthy_below(const FindResult& result) {
  std::vector<std::int64_t> all;
  for (const FindTrial& one : result.trials) {
    const std::int64_t value = one.value.value_or(0);
    if (one.outcome == TrialOutcome::healthy && value < *result.smallest_healthy) {
      all.push_back(value);
    }
  }
  return all;
}

std::string answer(const FindResult& result) {
  if (result.answer == SearchAnswer::healthy_everywhere) {
    return fmt::format("healthy at {} {} already, the lower end of the range", result.limit,
                       result.first);
  }
  if (result.answer == SearchAnswer::unhealthy_everywhere) {
    return fmt::format("not healthy at {} {}, the upper end of the range", result.limit,
                       result.last);
  }
  if (!result.smallest_healthy) {
    return fmt::format("unknown: flaky at {} {}", result.limit, values(result.flaky));
  }
  std::string text = fmt::format("healthy from {} {}", result.limit, *result.smallest_healthy);
  if (result.unit == "bytes") text += " (" + amount(*result.smallest_healthy, result.unit) + ")";
  if (result.below) {
    text +=
        fmt::format(", {} at {}", to_string(*result.below), *result.smallest_healthy - result.step);
  }
  if (!result.monotonic) {
    text += "; not monotonic: also healthy at " + values(healthy_below(result));
  }
  return text;
}

void trial(Page& page, const FindTrial& one) {
  constexpr std::size_t kDetails = 18;
  constexpr std::size_t kLinesOfACrash = 5;
  page.line(2,
            fmt::format("{:>14}  {:<16} {:>8} {:>8.2f}",
                        one.value ? std::to_string(*one.value) : "no limit", to_string(one.outcome),
                        refusals(one), one.elapsed_s),
            tone(one.outcome));
  if (!one.why.empty()) page.line(kDetails, one.why);
  const std::size_t most = one.outcome == TrialOutcome::healthy   ? 0
                           : one.outcome == TrialOutcome::crashed ? kLinesOfACrash
                                                                  : 1;
  for (std::size_t i = std::min(most, one.last_lines.size()); i > 0; --i) {
    page.line(kDetails, "said: " + one.last_lines[one.last_lines.size() - i]);
  }
  if (one.log_dropped > 0) {
    page.line(kDetails, fmt::format("{} holds the first 16 MiB of what it said; {} bytes dropped",
                                    one.log, one.log_dropped));
  }
}

}  // namespace

std::string amount(std::int64_t value, const std::string& unit) {
  if (unit != "bytes") return fmt::format("{} {}", value, unit);
  return fmt::format("{:.2f} MiB", static_cast<double>(value) / (1 << 20));
}

std::string trial_line(std::string_view limit, const FindTrial& trial) {
  const std::string value = trial.value ? std::to_string(*trial.value) : "no limit";
  return fmt::format("{} {}: {}{}{}\n", limit, value, to_string(trial.outcome),
                     trial.why.empty() ? "" : ", ", trial.why);
}

std::string find_text(const FindResult& result, bool colour) {
  Page page(colour);
  page.line(0, answer(result), result.smallest_healthy ? Tone::plain : Tone::doubtful);
  page.line(0, fmt::format("without a limit it used {}; {} trials in {:.1f} s, as {}",
                           amount(result.unlimited.peak, result.unit), result.trials.size(),
                           result.elapsed_s, result.user));
  page.blank();
  page.line(2, fmt::format("{:>14}  {:<16} {:>8} {:>8}", result.limit, "outcome", "refusals", "s"));
  std::vector<FindTrial> trials = result.trials;
  std::stable_sort(trials.begin(), trials.end(), [](const FindTrial& one, const FindTrial& other) {
    return one.value < other.value;
  });
  for (const FindTrial& one : trials) trial(page, one);
  trial(page, result.unlimited);
  return page.text();
}

}  // namespace ceiling
