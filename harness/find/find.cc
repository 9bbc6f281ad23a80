#include "harness/find/find.h"

#include <fmt/format.h>

#include <algorithm>

namespace ceiling {
namespace {

using std::chrono::milliseconds;

constexpr milliseconds kLeastBound{3000};
constexpr int kTimesUnlimited = 10;

class Finder {
 public:
  Finder(const FindPlan& plan, const TrialSite& site, const OpenLog& open_log, const OnTrial& told)
      : plan_(plan),
        trials_(plan.subject, plan.limit, site),
        most_tasks_(site.most_tasks),
        recorder_(site.recorder),
        open_log_(open_log),
        told_(told) {}

  FindResult find() {
    const auto begin = std::chrono::steady_clock::now();
    result_.command = plan_.subject.command;
    result_.limit = plan_.limit.name;
    result_.unit = plan_.limit.unit;
    result_.unlimited = one(std::nullopt);
    check_unlimited();
    const SearchRange range = plan_.range.value_or(range_around(result_.unlimited.peak));
    result_.first = range.first;
    result_.last = range.first + (range.size() - 1) * range.step;
    result_.step = range.step;
    bounds_ = bounds_for_trials();
    Search search(range, guess(), plan_.repeat);
    while (const auto value = search.next()) {
      result_.trials.push_back(one(*value));
      search.take(*value, result_.trials.back().outcome == TrialOutcome::healthy);
    }
    conclude(search);
    const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
    result_.elapsed_s = took.count();
    return std::move(result_);
  }

 private:
  FindTrial one(std::optional<std::int64_t> value) {
    const std::string name =
        value ? fmt::format("trial-{}-{}", result_.trials.size() + 1, *value) : "unlimited";
    const std::string log = name + ".log";
    const Descriptor file = open_log_(log);
    recorder_.enter_arm(name);
    FindTrial trial = trials_.run(value, bounds_, file.get());
    trial.log = "logs/" + log;
    told_(trial);
    return trial;
  }

  void check_unlimited() const {
    const FindTrial& trial = result_.unlimited;
    if (trial.outcome == TrialOutcome::healthy) return;
    std::string text = "not healthy without any limit: " + trial.why;
    if (trial.outcome == TrialOutcome::unnoticed) {
      text = fmt::format(
          "not healthy without any limit: it wants more than the {} tasks that may "
          "be used here",
          most_tasks_);
    }
    text += hint(trial);
    if (!trial.last_lines.empty()) {
      text += fmt::format("; its last line: {}", trial.last_lines.back());
    }
    throw NotSearchable(text);
  }

  /// What is easily overlooked.
  std::string hint(const FindTrial& trial) const {
    const bool ends = plan_.subject.ready.kind == Readiness::Kind::ends;
    if (ends && trial.outcome == TrialOutcome::hung && trial.ready_s == 0) {
      return ": expected --ready, --ready-tcp or --ready-log for one that stays";
    }
    const bool executed = trial.outcome != TrialOutcome::refused_to_start || trial.status;
    if (!executed && plan_.limit.counts_a_user()) {
      return ": expected one that everybody may execute, because it gets a uid of its own";
    }
    return "";
  }

  /// What it used. Of vm.max_map_count one less: mmap(2) is refused above it only.
  std::int64_t guess() const {
    const bool maps = plan_.limit.kind == SearchedLimit::Kind::host_setting;
    return result_.unlimited.peak - (maps ? 1 : 0);
  }

  SearchRange range_around(std::int64_t used) const {
    const std::int64_t step = plan_.limit.step;
    const std::int64_t steps = std::max<std::int64_t>(1, (used + step - 1) / step);
    const std::int64_t last = 2 * steps * step;
    const std::int64_t first = std::max(step, plan_.least);
    const std::int64_t most = std::min(last, plan_.most.value_or(last));
    return {.first = first, .last = std::max(first + step, most), .step = step};
  }

  Bounds bounds_for_trials() const {
    if (plan_.time_limit) return {*plan_.time_limit, *plan_.time_limit};
    const auto tenfold = [](double seconds) {
      const std::chrono::duration<double> all(kTimesUnlimited * seconds);
      return std::max(kLeastBound, std::chrono::ceil<milliseconds>(all));
    };
    return {tenfold(result_.unlimited.ready_s), tenfold(result_.unlimited.probe_s)};
  }

  void conclude(const Search& search) {
    result_.answer = search.answer();
    result_.smallest_healthy = search.smallest_healthy();
    const bool least = result_.first == result_.step && !plan_.range &&
                       result_.answer == SearchAnswer::healthy_everywhere;
    if (least) result_.smallest_healthy = result_.first;  // there is nothing below
    result_.monotonic = search.monotonic();
    result_.flaky = search.flaky();
    if (!result_.smallest_healthy) return;
    const std::int64_t below = *result_.smallest_healthy - result_.step;
    const auto found =
        std::find_if(result_.trials.begin(), result_.trials.end(),
                     [below](const FindTrial& trial) { return trial.value == below; });
    if (found != result_.trials.end()) result_.below = found->outcome;
  }

  const FindPlan& plan_;
  Trials trials_;
  std::int64_t most_tasks_;
  Recorder& recorder_;
  const OpenLog& open_log_;
  const OnTrial& told_;
  Bounds bounds_ = {plan_.time_limit.value_or(Bounds().ready),
                    plan_.time_limit.value_or(Bounds().probe)};
  FindResult result_;
};

}  // namespace

std::string_view to_string(TrialOutcome outcome) {
  switch (outcome) {
    case TrialOutcome::healthy:
      return "healthy";
    case TrialOutcome::unnoticed:
      return "unnoticed";
    case TrialOutcome::degraded:
      return "degraded";
    case TrialOutcome::hung:
      return "hung";
    case TrialOutcome::crashed:
      return "crashed";
    case TrialOutcome::refused_to_start:
      break;
  }
  return "refused-to-start";
}

FindResult find_limit(const FindPlan& plan, const TrialSite& site, const OpenLog& open_log,
                      const OnTrial& told) {
  return Finder(plan, site, open_log, told).find();
}

}  // namespace ceiling
