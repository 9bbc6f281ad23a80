#include "harness/find/sweep.h"

#include <fcntl.h>
#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "cgroups/descriptor.h"
#include "harness/find/kept_output.h"

namespace ceiling {
namespace {

using std::chrono::milliseconds;

constexpr int kUsage = 64;

struct Trial {
  InjectedRun run;
  std::string out;
  std::string last_line;  // of its standard error, else of its output
};

NoSweep stopped(int signal) {
  return {128 + signal, fmt::format("ended by signal {}, nothing is left running", signal)};
}

bool same(const CommandEnd& one, const CommandEnd& other) {
  return one.status == other.status && one.signal == other.signal;
}

class Sweeper {
 public:
  Sweeper(const SweepPlan& plan, int outer) : plan_(plan), outer_(outer) {
    sweep_.command = plan.command;
    sweep_.onward = plan.onward;
    sweep_.kind = plan.kind ? to_string(*plan.kind) : "any";
    sweep_.error = plan.error;
  }

  std::variant<Sweep, NoSweep> run(
      const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
    limit_ = plan_.time_limit.value_or(std::chrono::minutes(10));
    const Trial healthy = try_with({});
    if (const auto why = unhealthy(healthy.run)) return *why;
    take_healthy(healthy);
    const Trial again = try_with({});
    if (const auto why = unhealthy(again.run)) return *why;
    if (const auto why = differs(again.run)) return *why;
    sweep_.creations_again = counted(again.run.injection);
    sweep_.output_compared = again.out == healthy.out;
    healthy_out_ = healthy.out;
    const std::uint64_t trials = std::min(sweep_.creations, Sweep::kMostTrials);
    for (std::uint64_t number = 1; number <= trials; ++number) {
      const Trial trial = try_with(choice(number));
      if (const int signal = trial.run.ended_by; signal != 0) return stopped(signal);
      sweep_.trials.push_back(judge(number, trial));
      progress(number, trials);
    }
    return std::move(sweep_);
  }

 private:
  Choice choice(std::uint64_t number) const {
    Choice choice;
    choice.kind = plan_.kind;
    if (plan_.onward) {
      choice.after = number - 1;
    } else {
      choice.at = number;
    }
    return choice;
  }

  Trial try_with(const Choice& choice) const {
    const Descriptor nothing(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    KeptOutput out;
    KeptOutput err;
    InjectedCommand command;
    command.command = plan_.command;
    command.refusing.choice = choice;
    command.refusing.error = plan_.error;
    command.time_limit = limit_;
    command.owns_terminal = false;
    command.standard_input = nothing.get();
    command.standard_output = out.stream().writing();
    command.standard_error = err.stream().writing();
    command.outputs = {&out.stream(), &err.stream()};
    Trial trial;
    trial.run = run_injected(command, outer_);
    trial.out = out.text();
    trial.last_line = err.text().empty() ? out.last_line() : err.last_line();
    return trial;
  }

  static std::optional<NoSweep> unhealthy(const InjectedRun& run) {
    if (run.not_started) return NoSweep{run.not_started->status, run.not_started->why};
    if (run.ended_by != 0) return stopped(run.ended_by);
    const std::string without = "not healthy without any refusal: ";
    if (run.hung) return NoSweep{kUsage, without + "it does not end by itself in time"};
    if (run.injection.end.signal != 0) {
      return NoSweep{kUsage,
                     fmt::format("{}it ends by signal {}", without, run.injection.end.signal)};
    }
    return std::nullopt;
  }

  std::optional<NoSweep> differs(const InjectedRun& again) const {
    if (same(again.injection.end, sweep_.healthy)) return std::nullopt;
    return NoSweep{kUsage,
                   fmt::format("not the same without any refusal: it ended with status {}, then "
                               "with status {}",
                               sweep_.healthy.status, again.injection.end.status)};
  }

  std::uint64_t counted(const Injection& seen) const {
    return static_cast<std::uint64_t>(std::count_if(
        seen.creations.begin(), seen.creations.end(),
        [this](const Creation& one) { return !plan_.kind || one.kind == *plan_.kind; }));
  }

  void take_healthy(const Trial& healthy) {
    const Injection& seen = healthy.run.injection;
    sweep_.healthy = seen.end;
    sweep_.healthy_s = seen.elapsed_s;
    sweep_.creations = counted(seen);
    const auto tenfold = std::chrono::duration<double>(10 * seen.elapsed_s);
    if (!plan_.time_limit) {
      limit_ = std::max<milliseconds>(std::chrono::seconds(10),
                                      std::chrono::ceil<milliseconds>(tenfold));
    }
  }

  SweepTrial judge(std::uint64_t number, const Trial& trial) const {
    const Injection& seen = trial.run.injection;
    SweepTrial judged;
    judged.number = number;
    judged.end = seen.end;
    judged.refused = seen.refused;
    judged.elapsed_s = seen.elapsed_s;
    judged.last_line = trial.last_line;
    const auto first = std::find_if(seen.creations.begin(), seen.creations.end(),
                                    [](const Creation& one) { return one.refused; });
    if (first != seen.creations.end()) judged.creation = *first;
    judged.outcome = outcome(trial);
    return judged;
  }

  SweepOutcome outcome(const Trial& trial) const {
    const Injection& seen = trial.run.injection;
    if (seen.refused == 0) return SweepOutcome::not_reached;
    if (trial.run.hung) return SweepOutcome::hung;
    if (seen.end.signal != 0) return SweepOutcome::crashed;
    if (!same(seen.end, sweep_.healthy)) return SweepOutcome::failed;
    const bool as_ever = !sweep_.output_compared || trial.out == healthy_out_;
    return as_ever ? SweepOutcome::unnoticed : SweepOutcome::degraded;
  }

  const SweepPlan& plan_;
  int outer_;
  milliseconds limit_{};
  std::string healthy_out_;
  Sweep sweep_;
};

}  // namespace

std::string_view to_string(SweepOutcome outcome) {
  switch (outcome) {
    case SweepOutcome::crashed:
      return "crashed";
    case SweepOutcome::hung:
      return "hung";
    case SweepOutcome::unnoticed:
      return "unnoticed";
    case SweepOutcome::degraded:
      return "degraded";
    case SweepOutcome::failed:
      return "failed";
    case SweepOutcome::not_reached:
      break;
  }
  return "not-reached";
}

std::variant<Sweep, NoSweep> run_sweep(
    const SweepPlan& plan, int outer,
    const std::function<void(std::uint64_t, std::uint64_t)>& progress) {
  return Sweeper(plan, outer).run(progress);
}

}  // namespace ceiling
