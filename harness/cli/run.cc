#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <memory>
#include <optional>
#include <vector>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/predictions.h"
#include "harness/cli/result_format.h"
#include "harness/cli/run_host.h"
#include "harness/cli/verb.h"
#include "harness/report/repeat.h"
#include "harness/report/report.h"

namespace ceiling {
namespace {

struct Arguments {
  ExperimentArguments experiment;
  Output output;
  std::filesystem::path results = "ceiling-results";
  std::filesystem::path programs;
  bool quiet = false;
  bool verbose = false;
  bool dry_run = false;
  bool host_limits = false;
  std::optional<int> repeat;
};

/// On a terminal one bar that moves, elsewhere a line a step.
class ProgressLine {
 public:
  explicit ProgressLine(bool quiet) : quiet_(quiet), terminal_(::isatty(STDERR_FILENO) == 1) {}
  ~ProgressLine() { end(); }

  void show(const Progress& progress) {
    if (quiet_) return;
    if (!terminal_) {
      tell(fmt::format("{}: {}\n", progress.stage, progress.text));
      return;
    }
    if (progress.stage != stage_) end();
    stage_ = progress.stage;
    constexpr int kWidth = 24;
    const int filled = progress.steps == 0 ? kWidth : kWidth * progress.step / progress.steps;
    tell(fmt::format("\r\033[K{} [{:#<{}}{:.<{}}] {}", stage_, "", filled, "", kWidth - filled,
                     progress.text));
  }

  void end() {
    if (terminal_ && !stage_.empty()) tell("\n");
    stage_.clear();
  }

 private:
  bool quiet_;
  bool terminal_;
  std::string stage_;
};

std::string guardrails_text() {
  std::string text;
  for (const GuardrailFact& fact : all_guardrails()) {
    text += fmt::format("{}\n  {}\n", fact.name, fact.description);
  }
  return text;
}

/// What carries a limit, for "pids.max 24 on the group of each frontend".
const char* set_on(LimitName name) {
  if (name == LimitName::rlimit_nproc) return "for the user of";
  return is_per_process(name) ? "for the process of" : "on the group of";
}

std::string dry_run_text(const Experiment& experiment, const HostPlan& plan,
                         const std::filesystem::path& results) {
  std::string text =
      fmt::format("would create\n  {}/{}-<time>-<run id>/\n  {}\n  {}/\n", results.string(),
                  experiment.name, "/run/ceiling/<run id>", data_folder_for("<run id>").string());
  for (const auto& group : plan.groups) {
    text += fmt::format("  {}/ceiling-<run id>/\n", group.parent_path().string());
  }
  text += fmt::format("  up to {} tasks at one moment, under {} private users\n", plan.tasks,
                      plan.uids);
  text += "would set\n";
  for (const ClientPlan& client : experiment.clients) {
    if (!client.memory_max) continue;
    text += fmt::format("  every arm: memory.max {} for the client {}\n", *client.memory_max,
                        client.kind);
  }
  for (const ArmPlan& arm : experiment.arms) {
    const char* where =
        arm.limits.scope == LimitScope::frontend ? "each frontend" : "all frontends together";
    for (const LimitName name : arm.limits.names()) {
      if (arm.limits.scope == LimitScope::pid_namespace) {
        text += fmt::format("  {}: {} {} in a pid namespace of the fleet's own\n", arm.name,
                            to_string(name), *arm.limits.value(name));
        continue;
      }
      if (is_host_wide(name)) {
        text += fmt::format("  {}: {} {} on the whole host, in {}, which says {} now\n", arm.name,
                            to_string(name), *arm.limits.value(name),
                            host_setting_file(to_string(name)).string(),
                            read_host_setting(to_string(name)));
        continue;
      }
      text += fmt::format("  {}: {} {} {} {}\n", arm.name, to_string(name), *arm.limits.value(name),
                          set_on(name), where);
    }
    if (arm.limits.cpu_percent > 0)
      text += fmt::format("  {}: {} % of one CPU on the group of all frontends\n", arm.name,
                          arm.limits.cpu_percent);
    for (const auto& [member, limits] : arm.limits.overrides) {
      for (const auto& [name, limit] : limits) {
        text += fmt::format("  {}: {} {} {} {}\n", arm.name, to_string(name),
                            limit.value ? std::to_string(*limit.value) : "max", set_on(name),
                            member_name(member));
      }
    }
    if (arm.limits.names().empty() && arm.limits.overrides.empty())
      text += fmt::format("  {}: no limit\n", arm.name);
  }
  if (!plan.host_settings.empty()) {
    text += "would restore\n  the settings of the host, however the run ends\n";
  }
  return text + "would remove\n  all of it but the results folder, and end every process in it\n";
}

/// Calibration, limit check, prediction, arms. What comes of it stands in the history.
void run_arms(const Arguments& arguments, const Experiment& experiment, Site& site,
              const ResultsFolder& results) {
  ProgressLine line(arguments.quiet);
  const auto progress = [&line](const Progress& step) { line.show(step); };
  calibrate_all(site, experiment, progress);
  line.end();
  std::vector<CostModel> models;
  for (auto& model : measured_models(experiment, results.path())) {
    if (!model) return;  // the judge says: not linear
    models.push_back(std::move(*model));
  }
  check_starting_fleets(experiment, models, arguments.experiment.file.string());
  for (const ArmPrediction& arm : predict_all(experiment, models)) {
    if (!arguments.quiet) tell(fmt::format("{}: {}\n", arm.arm.name, prediction_line(arm)));
    site.recorder().enter_arm(arm.arm.name);
    run_arm(site, experiment, arm.arm, progress);
    line.end();
  }
}

void run_on_host(const Arguments& arguments, const Experiment& experiment, const HostPlan& plan,
                 const ResultsFolder& results) {
  RunHost host(plan, experiment.name, results);
  if (arguments.verbose) {
    for (const auto& group : plan.groups) {
      tell(fmt::format("run {}: group {}\n", plan.run_id, group.string()));
    }
  }
  try {
    run_arms(arguments, experiment, host.site(), results);
  } catch (const Interrupted& interrupted) {
    host.site().recorder().record(ArmEndEvent{
        .reason = fmt::format("ended by signal {}", interrupted.signal), .completed = false});
    host.finish();
    throw;
  }
  host.finish();
}

RepeatedRun run_once(const Arguments& arguments, const Experiment& experiment,
                     const HostPlan& plan) {
  const ResultsFolder results =
      make_results_folder(arguments.results, experiment.name, plan.run_id);
  results.write("experiment.yaml", experiment.source);
  run_on_host(arguments, experiment, plan, results);
  return {results.path().string(), judge_and_store(experiment, results)};
}

HostPlan plan_run(const Arguments& arguments, const Experiment& experiment) {
  HostPlan plan = plan_for_host(experiment, documented_models(experiment), arguments.programs);
  plan.host_settings = host_settings_for(experiment);
  return plan;
}

/// One run after the other, each planned anew: the host may have changed meanwhile.
int repeat(const Arguments& arguments, const Experiment& experiment) {
  std::vector<RepeatedRun> runs;
  for (int number = 1; number <= *arguments.repeat; ++number) {
    if (!arguments.quiet) tell(fmt::format("run {} of {}\n", number, *arguments.repeat));
    runs.push_back(run_once(arguments, experiment, plan_run(arguments, experiment)));
  }
  arguments.output.write(arguments.output.json() ? repeat_json(runs)
                                                 : repeat_text(runs, arguments.output.colour()));
  return exit_status(verdict_of(runs));
}

int run(const Arguments& arguments) {
  arguments.output.check();
  if (arguments.repeat && arguments.output.format != "text" && !arguments.output.json())
    throw Usage(fmt::format("--format {}: --repeat has text and json", arguments.output.format));
  const Experiment experiment = arguments.experiment.read();
  check_limits(experiment, arguments.experiment.file.string(), arguments.host_limits);
  check_starting_fleets(experiment, documented_models(experiment),
                        arguments.experiment.file.string());
  const HostPlan plan = plan_run(arguments, experiment);
  if (arguments.dry_run) {
    arguments.output.write(dry_run_text(experiment, plan, arguments.results));
    return kHolds;
  }
  if (arguments.repeat) return repeat(arguments, experiment);
  const auto [folder, verdict] = run_once(arguments, experiment, plan);
  const bool text = arguments.output.format == "text";
  arguments.output.write(formatted(verdict, arguments.output) +
                         (text ? fmt::format("report: {}\n", folder) : ""));
  return exit_status(verdict.verdict);
}

}  // namespace

Verb add_run(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->experiment.add_to(app);
  arguments->output.add_to(app, result_formats());
  app.add_option("--results", arguments->results, "where the run's folder is made")
      ->capture_default_str();
  app.add_option("--programs", arguments->programs,
                 "folder of the workload's programs (default: beside this one)");
  app.add_option("--repeat", arguments->repeat,
                 "run it K times, each into a folder of its own, and judge the runs together")
      ->check(CLI::Range(2, 100))
      ->type_name("K");
  app.add_flag("--dry-run", arguments->dry_run,
               "print what would be created, set and removed, and do nothing");
  app.add_flag(
      "--host-limits", arguments->host_limits,
      "let the experiment set limits of the whole host (kernel.threads-max, ...) for every "
      "process on it, until the run ends: meant for a throw-away VM");
  app.add_flag_callback(
         "--list-guardrails",
         [] {
           Output().write(guardrails_text());
           throw CLI::Success();
         },
         "describe the cures that an arm may switch on, and do nothing")
      ->trigger_on_parse();
  app.add_flag("--quiet", arguments->quiet, "no progress on stderr");
  app.add_flag("--verbose", arguments->verbose, "say more on stderr");
  app.footer(
      "Example: sudo ceiling run harness/experiments/kinesis-2020.yaml --set limits.pids.max=33");
  return [arguments] { return run(*arguments); };
}

}  // namespace ceiling
