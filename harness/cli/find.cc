#include "harness/find/find.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <memory>
#include <system_error>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/find_plan.h"
#include "harness/cli/making.h"
#include "harness/cli/verb.h"
#include "harness/fleet/host_limits.h"
#include "harness/keeper/keeper.h"
#include "harness/prove/prove.h"
#include "harness/report/find.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kMostTasks = 100'000;
constexpr int kUids = 64;  // for RLIMIT_NPROC: a search has no more trials

struct Arguments {
  FindOptions options;
  Output output;
  fs::path results = "ceiling-results";
  bool quiet = false;
  bool dry_run = false;
};

/// What the search needs of this host.
struct FindHost {
  Hierarchy hierarchy;
  std::string run_id;
  std::vector<fs::path> groups;
  std::int64_t most_tasks = 0;
  std::vector<HostSetting> settings = {};  ///< that the search changes
};

/// Of a limit of the whole host: the values that may be tried, and the keeper's to take back.
HostSetting setting_of(const FindPlan& plan) {
  const std::string name(plan.limit.name);
  const std::string file = host_setting_file(name).string();
  if (::access(file.c_str(), W_OK) != 0) {
    throw HostError(fmt::format("{} may not be set here: {}: {}", name, file,
                                std::generic_category().message(errno)),
                    "run it as root of a throw-away VM: ci/vm --kernel 6.12 -- ...");
  }
  const std::int64_t now = read_host_setting(name);
  const std::int64_t first = plan.range ? plan.range->first : plan.least;
  const std::int64_t last = plan.range ? plan.range->last : now;
  if (first < plan.least) {
    throw HostError(fmt::format("--range begins at {}, and {} is the least here: processes of this "
                                "host have 80 % of it in use",
                                first, plan.least),
                    "take a higher range");
  }
  if (last > now) {
    throw HostError(fmt::format("--range goes to {}, and {} is {} here", last, name, now),
                    "take a smaller range");
  }
  return {.name = name, .ours = {}, .previous = now, .from = first, .to = last};
}

FindHost host_for(const FindPlan& plan) {
  if (::geteuid() != 0) {
    throw HostError("making control groups needs root",
                    "sudo ceiling find ...  (ceiling inject needs no root)");
  }
  FindHost host{.hierarchy = Hierarchy::detect(), .run_id = new_run_id(), .groups = {}};
  Cgroup::check_place(host.hierarchy);
  host.groups = Cgroup::planned_folders(host.hierarchy, Cgroup::kTag + host.run_id);
  const SafeNumber safe = safe_number(host.hierarchy, kMostTasks);
  host.most_tasks = safe.threads;
  if (plan.limit.kind == SearchedLimit::Kind::host_setting) {
    host.settings.push_back(setting_of(plan));
  }
  if (!plan.range) return host;
  if (plan.limit.unit == "tasks" && plan.range->last > safe.threads) {
    throw HostError(fmt::format("--range goes to {} tasks, and {} are the most here: {}",
                                plan.range->last, safe.threads, safe.because),
                    "take a smaller range, or a larger host");
  }
  if (plan.most && plan.range->last > *plan.most) {
    throw HostError(fmt::format("--range goes to {}, and the hard limit {} here is {}",
                                plan.range->last, plan.limit.name, *plan.most),
                    "raise it (ulimit -H), or take a smaller range");
  }
  return host;
}

std::string dry_run_text(const FindPlan& plan, const FindHost& host, const std::string& user,
                         const fs::path& results) {
  std::string text =
      fmt::format("would create\n  {}/find-<time>-<run id>/\n  {}\n  {}/\n", results.string(),
                  "/run/ceiling/<run id>", data_folder_for("<run id>").string());
  for (const fs::path& group : host.groups) {
    text += fmt::format("  {}/ceiling-<run id>/\n", group.parent_path().string());
  }
  text += fmt::format("would run\n  {}, as {}, of at most {} tasks\n", plan.subject.command.front(),
                      user, host.most_tasks);
  text += fmt::format("would set\n  {} for {}, ", plan.limit.name,
                      host.settings.empty() ? "it" : "every process of this host");
  if (plan.range) {
    text += fmt::format("from {} to {}, at most {} different values\n", plan.range->first,
                        plan.range->last, Search::most_values(*plan.range));
  } else {
    text += "up to twice what it uses without\n";
  }
  for (const HostSetting& setting : host.settings) {
    text +=
        fmt::format("would restore\n  {}, which is {} now, after each trial, and however it ends\n",
                    setting.name, setting.previous);
  }
  return text + "would remove\n  all of it but the results folder, and end every process in it\n";
}

/// Everything that the search stands on, as RunHost for a run.
class Stand {
 public:
  Stand(const FindHost& host, const FindPlan& plan, const ResultsFolder& results)
      : stop_(held_.as_file()),
        keeper_(Keeper::start(Registry(),
                              {.run_id = host.run_id,
                               .groups = host.groups,
                               .uids = {},
                               .results = fs::absolute(results.path()),
                               .data = data_folder_for(host.run_id),
                               .host_settings = host.settings},
                              plan.limit.counts_a_user() ? kUids : 0)),
        group_(Cgroup::create(host.hierarchy, Cgroup::kTag + host.run_id)),
        recorder_(results.open_new("history.jsonl")),
        most_tasks_(host.most_tasks) {
    recorder_.record(describe_run(host.run_id, "find", host.hierarchy));
    const fs::path& data = keeper_.entry().data;
    if (::mkdir(data.c_str(), 0755) != 0 || ::chmod(data.c_str(), 0755) != 0) {
      throw Error(fmt::format("{}: {}", data.string(), std::generic_category().message(errno)));
    }
    if (plan.limit.kind == SearchedLimit::Kind::memory_max && !group_.memory()) {
      throw HostError("the memory controller is not available here",
                      "take another limit, or a host that has it: ceiling doctor");
    }
  }

  TrialSite site() {
    return {.group = group_,
            .launcher = keeper_.launcher(),
            .uids = keeper_.entry().uids,
            .data = keeper_.entry().data,
            .most_tasks = most_tasks_,
            .stop = stop_.get(),
            .recorder = recorder_,
            .host_settings = keeper_.entry().host_settings};
  }

  /// The search ends before its end.
  void cut_short(std::string why) {
    recorder_.record(ArmEndEvent{.reason = std::move(why), .completed = false});
    finish();
  }

  void finish() {
    group_.destroy(std::chrono::seconds(5));
    for (const std::string& line : keeper_.finish()) tell(fmt::format("ceiling: {}\n", line));
  }

 private:
  SignalsHeld held_;  // until the end: they are read, and end the trial
  Descriptor stop_;
  Keeper keeper_;
  Cgroup group_;
  Recorder recorder_;
  std::int64_t most_tasks_;
};

FindResult search(const Arguments& arguments, const PlannedFind& planned, const FindHost& host,
                  const ResultsFolder& results) {
  Stand stand(host, planned.plan, results);
  const auto told = [&](const FindTrial& trial) {
    if (!arguments.quiet) tell(trial_line(planned.plan.limit.name, trial));
  };
  const auto open_log = [&results](const std::string& name) { return results.open_log(name); };
  try {
    FindResult result = find_limit(planned.plan, stand.site(), open_log, told);
    stand.finish();
    result.user = planned.user;
    return result;
  } catch (const Stopped& stopped) {
    stand.cut_short(fmt::format("ended by signal {}", stopped.signal));
    throw;
  } catch (const NotSearchable& wrong) {
    stand.cut_short(wrong.what());
    throw Usage(wrong.what());
  }
}

/// A range without an edge is wrong; of one that was not given, it is not known.
int status_of(const FindResult& result, const Arguments& arguments) {
  if (result.answer == SearchAnswer::found || arguments.options.range.empty()) {
    return result.smallest_healthy && result.monotonic ? kHolds : kUnknown;
  }
  const bool healthy = result.answer == SearchAnswer::healthy_everywhere;
  throw Usage(fmt::format("--range {}: {} at its {} end, {}: expected a range with both",
                          arguments.options.range, healthy ? "healthy" : "not healthy",
                          healthy ? "lower" : "upper", healthy ? result.first : result.last));
}

void print(const FindResult& result, const Output& output, const std::string& where) {
  output.write(output.json() ? find_json(result) : find_text(result, output.colour()) + where);
}

int find(const Arguments& arguments) {
  arguments.output.check();
  PlannedFind planned = plan_find(arguments.options);
  if (planned.plan.limit.kind == SearchedLimit::Kind::host_setting) {
    planned.plan.least = least_map_count();
    planned.plan.most = read_host_setting(planned.plan.limit.name);
  }
  const FindHost host = host_for(planned.plan);
  if (arguments.dry_run) {
    arguments.output.write(dry_run_text(planned.plan, host, planned.user, arguments.results));
    return kHolds;
  }
  const ResultsFolder results = make_results_folder(arguments.results, "find", host.run_id);
  FindResult result;
  try {
    result = search(arguments, planned, host, results);
  } catch (const Stopped& stopped) {
    tell(fmt::format("ceiling: ended by signal {}, nothing is left running\n", stopped.signal));
    return 128 + stopped.signal;
  }
  try {
    results.write("result.json", find_json(result));
  } catch (const HostError&) {  // a full disk does not take what took minutes
    print(result, arguments.output, "");
    throw;
  }
  const int status = status_of(result, arguments);
  print(result, arguments.output, fmt::format("\nreport: {}\n", results.path().string()));
  return status;
}

}  // namespace

Verb add_find(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  app.add_option("--program", arguments->options.program,
                 "a file of harness/experiments/programs: command, readiness and probe");
  app.add_option("--limit", arguments->options.limit,
                 "pids.max, RLIMIT_NPROC, RLIMIT_AS, RLIMIT_NOFILE, memory.max or, with "
                 "--host-limits, vm.max_map_count")
      ->capture_default_str();
  app.add_option("--range", arguments->options.range,
                 "A:B, the values to search (default: up to twice what it uses without a limit)");
  CLI::Option_group* ready = app.add_option_group(
      "ready", "how the command is known to be ready (default: it ends, with status 0)");
  ready->add_option("--ready", arguments->options.ready, "a shell command that ends with 0");
  ready
      ->add_option("--ready-tcp", arguments->options.ready_tcp,
                   "127.0.0.1:PORT accepts a connection")
      ->check(CLI::Range(1, 65535));
  ready->add_option("--ready-log", arguments->options.ready_log,
                    "a line of its output matches REGEX");
  ready->require_option(0, 1);
  app.add_option("--probe", arguments->options.probe,
                 "a shell command that ends with 0 where it is healthy, once it is ready");
  app.add_option("--before", arguments->options.before, "a shell command before each trial");
  app.add_option("--timeout", arguments->options.timeout_s,
                 "seconds until it is ready, and again for the probe (default: 30 without the "
                 "limit, then ten times what was taken there, at least 3)")
      ->check(decimal(0.001, 3600));
  app.add_option("--repeat", arguments->options.repeat,
                 "trials of each of the two values at the edge")
      ->check(CLI::Range(1, 20))
      ->capture_default_str();
  app.add_option("--user", arguments->options.user,
                 "who it runs as (default: who called sudo, else root)");
  app.add_flag(
      "--host-limits", arguments->options.host_limits,
      "let the search set a limit of the whole host for every process on it, while a trial "
      "lasts: meant for a throw-away VM");
  arguments->output.add_to(app);
  app.add_option("--results", arguments->results, "where the search's folder is made")
      ->capture_default_str();
  app.add_flag("--dry-run", arguments->dry_run,
               "print what would be created, set and removed, and do nothing");
  app.add_flag("--quiet", arguments->quiet, "no progress on stderr");
  app.add_option("COMMAND", arguments->options.command, "the program and its arguments, after --");
  app.positionals_at_end();
  app.footer(
      "Each trial has a fresh control group, and an empty folder that is called CEILING_DATA in "
      "the\n"
      "environment. Exit status: 0 found, 2 flaky or not monotonic, 64 it is not healthy without\n"
      "the limit, or nowhere or everywhere in the range.\n"
      "Example: sudo ceiling find --ready-tcp 6390 --probe 'redis-cli -p 6390 ping' -- \\\n"
      "  redis-server --port 6390 --save ''");
  return [arguments] { return find(*arguments); };
}

}  // namespace ceiling
