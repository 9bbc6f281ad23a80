#include "harness/report/inject.h"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <memory>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/verb.h"
#include "harness/find/injected_run.h"
#include "harness/find/sweep.h"
#include "harness/keeper/guard.h"
#include "harness/observe/history.h"
#include "harness/observe/results_folder.h"

namespace ceiling {
namespace {

struct Arguments {
  std::vector<std::string> command;
  Choice choice;
  std::string kind = "any";
  std::string error = "EAGAIN";
  double delay_s = 0;
  std::filesystem::path summary;
  std::string sweep;  ///< "once", "onward"; empty: no sweep
  double timeout_s = 0;
  bool quiet = false;
};

constexpr const char* kNone = "none";

/// Throws Usage.
int errno_from(const std::string& name) {
  if (name == kNone) return 0;
  constexpr int kMostErrno = 133;  // EHWPOISON
  for (int number = 1; number <= kMostErrno; ++number) {
    if (errno_name(number) == name) return number;
  }
  throw Usage("--errno " + name +
              ": expected the name of an errno as in errno(3), EAGAIN, or none");
}

Refusing refusing(const Arguments& arguments) {
  Refusing refusing;
  refusing.choice = arguments.choice;
  if (arguments.kind == "thread") refusing.choice.kind = CreationKind::thread;
  if (arguments.kind == "process") refusing.choice.kind = CreationKind::process;
  refusing.error = errno_from(arguments.error);
  refusing.delay = std::chrono::duration_cast<std::chrono::nanoseconds>(
      std::chrono::duration<double>(arguments.delay_s));
  const Choice& choice = refusing.choice;
  const bool chosen = choice.at || choice.after || choice.every || choice.probability;
  if (!chosen && (choice.times || arguments.delay_s > 0)) {
    throw Usage("--times and --delay go with --at, --after, --every or --probability");
  }
  if (refusing.error == 0 && refusing.delay.count() == 0 && chosen) {
    throw Usage("--errno none refuses nothing: expected --delay with it");
  }
  return refusing;
}

int status_of(const InjectedRun& run) {
  if (run.not_started) return run.not_started->status;
  if (run.ended_by != 0) return 128 + run.ended_by;
  const CommandEnd& end = run.injection.end;
  return end.signal != 0 ? 128 + end.signal : end.status;
}

int run_below(const Arguments& arguments, const InjectedCommand& command, int outer) {
  const InjectedRun run = run_injected(command, outer);
  if (run.not_started) {
    tell(fmt::format("ceiling: {}\n", run.not_started->why));
    return status_of(run);
  }
  if (!arguments.quiet) tell(inject_text(run.injection, false));
  if (!arguments.summary.empty()) write_user_file(arguments.summary, inject_json(run.injection));
  return status_of(run);
}

bool is_bad(SweepOutcome outcome) {
  return outcome == SweepOutcome::crashed || outcome == SweepOutcome::hung ||
         outcome == SweepOutcome::unnoticed;
}

int report(const Arguments& arguments, const Sweep& sweep) {
  Output().write(sweep_text(sweep, Output().colour()));
  if (!arguments.summary.empty()) write_user_file(arguments.summary, sweep_json(sweep));
  return std::any_of(sweep.trials.begin(), sweep.trials.end(),
                     [](const SweepTrial& one) { return is_bad(one.outcome); })
             ? kRefuted
             : kHolds;
}

int sweep_below(const Arguments& arguments, const SweepPlan& plan, int outer) {
  const bool terminal = ::isatty(STDERR_FILENO) == 1;
  const auto done = [&](std::uint64_t number, std::uint64_t trials) {
    if (arguments.quiet || !terminal) return;
    tell(fmt::format("\r\033[K{} of {} trials{}", number, trials, number == trials ? "\n" : ""));
  };
  const auto swept = run_sweep(plan, outer, done);
  if (const auto* none = std::get_if<NoSweep>(&swept)) {
    tell(fmt::format("ceiling: {}\n", none->why));
    return none->status;
  }
  return report(arguments, std::get<Sweep>(swept));
}

/// What goes wrong here is the injector's fault, never the command's.
int injectors_own(const std::function<int()>& run) {
  try {
    return run();
  } catch (const HostError& cannot) {
    tell(fmt::format("ceiling: {}\n  to do: {}\n", cannot.what(), cannot.remedy()));
  } catch (const std::exception& failure) {
    tell(fmt::format("ceiling: {}\n", failure.what()));
  }
  return kGuardDied;
}

/// `run` is the inner guard's, which ends by itself whatever comes.
int guarded_run(const std::function<int(int)>& run) {
  return injectors_own([&run] {
    return guarded([&run](int outer) { return injectors_own([&] { return run(outer); }); });
  });
}

SweepPlan sweep_plan(const Arguments& arguments) {
  const Refusing all = refusing(arguments);
  const Choice& choice = all.choice;
  if (choice.at || choice.after || choice.every || choice.probability || choice.times) {
    throw Usage("--sweep chooses by itself: expected no --at, --after, --every, --probability");
  }
  if (all.error == 0) throw Usage("--sweep needs an errno, found none");
  SweepPlan plan;
  plan.command = arguments.command;
  plan.kind = choice.kind;
  plan.onward = arguments.sweep == "onward";
  plan.error = all.error;
  if (arguments.timeout_s > 0) {
    plan.time_limit = std::chrono::ceil<std::chrono::milliseconds>(
        std::chrono::duration<double>(arguments.timeout_s));
  }
  return plan;
}

int inject(const Arguments& arguments) {
  if (!arguments.sweep.empty()) {
    const SweepPlan plan = sweep_plan(arguments);
    if (!arguments.summary.empty()) check_writable("--summary", arguments.summary);
    return guarded_run([&](int outer) { return sweep_below(arguments, plan, outer); });
  }
  if (arguments.timeout_s > 0) throw Usage("--timeout goes with --sweep");
  InjectedCommand command;
  command.command = arguments.command;
  command.refusing = refusing(arguments);
  if (!arguments.summary.empty()) check_writable("--summary", arguments.summary);
  return guarded_run([&](int outer) { return run_below(arguments, command, outer); });
}

}  // namespace

Verb add_inject(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  Choice& choice = arguments->choice;
  CLI::Option_group* which =
      app.add_option_group("which", "which creations are refused (default: none)");
  which->add_option("--at", choice.at, "the N-th of the whole tree, from 1")
      ->check(whole_number(1));
  which->add_option("--after", choice.after, "all but the first N")->check(whole_number(0));
  which->add_option("--every", choice.every, "every N-th")->check(whole_number(1));
  which->add_option("--probability", choice.probability, "each with this probability")
      ->check(decimal(0, 1));
  which->require_option(0, 1);
  app.add_option("--seed", choice.seed, "of --probability: the same seed draws the same")
      ->check(whole_number(0))
      ->capture_default_str();
  app.add_option("--times", choice.times, "refuse no more than K of them")->check(whole_number(1));
  app.add_option("--kind", arguments->kind, "what counts")
      ->check(CLI::IsMember({"thread", "process", "any"}))
      ->capture_default_str();
  app.add_option("--errno", arguments->error,
                 "what the program is told, by name; none: chosen creations are delayed only")
      ->capture_default_str();
  app.add_option("--delay", arguments->delay_s,
                 "seconds for which a chosen creation is held before it is answered")
      ->check(decimal(0, 3600));
  app.add_option("--sweep", arguments->sweep,
                 "a run for each creation of the command, with that one refused (once), or it and "
                 "all after it (onward); what became of each, the worst first")
      ->check(CLI::IsMember({"once", "onward"}));
  app.add_option("--timeout", arguments->timeout_s,
                 "seconds for one run of a sweep (default: ten times the first, at least 10)")
      ->check(decimal(0.001, 3600));
  app.add_option("--summary", arguments->summary, "write every creation to this file, as JSON");
  app.add_flag("--quiet", arguments->quiet, "no summary on stderr");
  app.add_option("COMMAND", arguments->command, "the program and its arguments, after --")
      ->required();
  app.positionals_at_end();
  app.footer(
      "Exit status of a sweep: 0 every refusal was noticed, 1 one crashed it, hung it or went\n"
      "unnoticed. Else the command's own, 128+N where signal N ended it; 125 the injector could "
      "not "
      "be\n"
      "set up, or died; 126 the command cannot be executed; 127 there is none of that name.\n"
      "Example: ceiling inject --at 3 --kind thread -- python3 server.py");
  return [arguments] { return inject(*arguments); };
}

}  // namespace ceiling
