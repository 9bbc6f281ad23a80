#include <fmt/format.h>

#include <algorithm>

#include "harness/report/inject.h"
#include "harness/report/page.h"

namespace ceiling {
namespace {

constexpr std::size_t kShown = 40;
constexpr std::size_t kLastLine = 38;  // so that a trial is one line

Tone tone(SweepOutcome outcome) {
  switch (outcome) {
    case SweepOutcome::crashed:
    case SweepOutcome::hung:
      return Tone::bad;
    case SweepOutcome::unnoticed:
      return Tone::doubtful;
    default:
      return Tone::plain;
  }
}

std::string ending(const SweepTrial& trial) {
  if (trial.outcome == SweepOutcome::hung) return fmt::format("after {:.1f} s", trial.elapsed_s);
  if (trial.end.signal != 0) return fmt::format("signal {}", trial.end.signal);
  return fmt::format("status {}", trial.end.status);
}

std::string counts(const Sweep& sweep) {
  std::string text;
  for (const SweepOutcome outcome :
       {SweepOutcome::crashed, SweepOutcome::hung, SweepOutcome::unnoticed, SweepOutcome::degraded,
        SweepOutcome::failed, SweepOutcome::not_reached}) {
    const auto count =
        std::count_if(sweep.trials.begin(), sweep.trials.end(),
                      [outcome](const SweepTrial& one) { return one.outcome == outcome; });
    if (count > 0)
      text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, to_string(outcome));
  }
  return text.empty() ? "nothing to refuse" : text;
}

}  // namespace

std::string sweep_text(const Sweep& sweep, bool colour) {
  Page page(colour);
  page.line(0, fmt::format("{} creations in {:.2f} s when nothing is refused, status {}",
                           sweep.creations, sweep.healthy_s, sweep.healthy.status));
  page.line(0, fmt::format("each of {} {} with {} in a run of its own: {}", sweep.trials.size(),
                           sweep.onward ? "and all after it refused" : "alone refused",
                           refusal_name(sweep.error), counts(sweep)));
  if (sweep.trials.empty()) return page.text();
  if (sweep.creations_again != sweep.creations) {
    page.line(0,
              fmt::format("a second time it made {} creations: a number is not the same creation "
                          "each time",
                          sweep.creations_again),
              Tone::doubtful);
  }
  if (!sweep.output_compared) {
    page.line(0, "a second time its output was another: it is not compared, nothing is degraded",
              Tone::doubtful);
  }
  page.blank();
  page.line(2, fmt::format("{:<12} {:>6}  {:<8} {:<16} {:<12} {}", "outcome", "number", "kind",
                           "asked by", "ended", "last line"));
  std::vector<SweepTrial> trials = sweep.trials;
  std::stable_sort(
      trials.begin(), trials.end(),
      [](const SweepTrial& one, const SweepTrial& other) { return one.outcome < other.outcome; });
  for (std::size_t i = 0; i < trials.size() && i < kShown; ++i) {
    const SweepTrial& one = trials[i];
    page.line(2,
              fmt::format("{:<12} {:>6}  {:<8} {:<16} {:<12} {}", to_string(one.outcome),
                          one.number, one.creation ? to_string(one.creation->kind) : "",
                          one.creation ? one.creation->name : "", ending(one),
                          one.last_line.substr(0, kLastLine)),
              tone(one.outcome));
  }
  if (trials.size() > kShown) page.line(2, fmt::format("and {} more", trials.size() - kShown));
  return page.text();
}

}  // namespace ceiling
