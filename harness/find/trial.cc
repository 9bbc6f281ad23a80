#include "harness/find/trial.h"

#include <fmt/format.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

#include "cgroups/control_file.h"
#include "harness/find/command_output.h"
#include "harness/find/data_folder.h"
#include "harness/find/limit_use.h"
#include "harness/find/readiness.h"
#include "harness/find/shell.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{10};
constexpr milliseconds kAskAgain{50};        // a command that is asked whether it is ready
constexpr milliseconds kTailPatience{2000};  // processes that outlive a command that has ended
constexpr milliseconds kBeforePatience{60'000};

std::string describe_end(int status) {
  return WIFSIGNALED(status) ? fmt::format("signal {}", WTERMSIG(status))
                             : fmt::format("exit status {}", WEXITSTATUS(status));
}

double seconds_since(Clock::time_point begin) {
  return std::chrono::duration<double>(Clock::now() - begin).count();
}

/// One run of the command, from its start to its end.
class Run {
 public:
  Run(const TrialSubject& subject, const SearchedLimit& limit, TrialSite& site, Waiter& waiter,
      int number, std::optional<std::int64_t> value, int log)
      : subject_(subject),
        limit_(limit),
        site_(site),
        waiter_(waiter),
        identity_(own_identity(subject, limit, site, number)),
        output_(log, identity_.uid),
        listening_(waiter, output_),
        data_(site.data, number, identity_.uid.value_or(::getuid()), gid_of(identity_)),
        group_(site.group.child(fmt::format("trial-{}", number))),
        beside_(site.group.child(fmt::format("beside-{}", number))),
        use_(limit_, group_) {
    trial_.value = value;
    if (subject.ready.kind == Readiness::Kind::log) output_.watch(subject.ready.text);
  }

  FindTrial run(const Bounds& bounds) {
    check_port();
    prepare();
    set_limits();
    record(TrialEvent{std::string(limit_.name), trial_.value});
    const auto begin = Clock::now();
    if (start()) {
      if (wait_until_ready(bounds.ready, begin)) probe(bounds.probe);
      use_.sample();
    }
    trial_.elapsed_s = seconds_since(begin);
    end();
    return trial_;
  }

 private:
  static Identity own_identity(const TrialSubject& subject, const SearchedLimit& limit,
                               const TrialSite& site, int number) {
    if (!limit.counts_a_user()) return subject.user;
    const std::size_t turn = static_cast<std::size_t>(number) % site.uids.size();
    return {.uid = site.uids[turn], .gid = std::nullopt, .groups = {}};
  }

  static gid_t gid_of(const Identity& identity) {
    return identity.gid.value_or(identity.uid.value_or(::getgid()));
  }

  template <class What>
  void record(What what) {
    site_.recorder.record(std::move(what));
  }

  void check_port() const {
    if (subject_.ready.kind != Readiness::Kind::tcp || !listens(subject_.ready.port)) return;
    throw NotSearchable(
        fmt::format("port {} is open before the command has started: expected a port that nobody "
                    "else uses",
                    subject_.ready.port));
  }

  /// What the command's process and those beside it have in common. Probes are the user's own:
  /// where the command has a uid for itself, they must not count for it.
  ProcessSpec spec_for(const Identity& who) const {
    ProcessSpec spec;
    spec.environment = subject_.environment;
    spec.environment["CEILING_DATA"] = data_.path().string();
    spec.uid = who.uid;
    spec.confined = false;
    spec.surroundings = Surroundings{
        .folder = subject_.folder, .umask = subject_.umask, .gid = who.gid, .groups = who.groups};
    return spec;
  }

  void prepare() {
    if (subject_.before.empty()) return;
    const ShellEnd end = run_shell(subject_.before, spec_for(identity_), beside_, site_.launcher,
                                   waiter_, kBeforePatience, [] {});
    if (end.ok()) return;
    throw NotSearchable(
        fmt::format("what is to be done before a trial {}: {}", how(end), end.last_line));
  }

  void set_limits() {
    std::int64_t tasks = site_.most_tasks;
    const bool limited = trial_.value.has_value();
    if (limited && limit_.kind == SearchedLimit::Kind::pids_max) tasks = *trial_.value;
    group_.set_pids_max(tasks);
    if (limited && limit_.kind == SearchedLimit::Kind::memory_max) {
      group_.set_memory_max(*trial_.value);
    }
    if (!limited || limit_.kind != SearchedLimit::Kind::host_setting) return;
    for (const HostSetting& setting : site_.host_settings) {
      if (setting.name == limit_.name) on_host_.emplace(setting, *trial_.value);
    }
  }

  bool start() {
    ProcessSpec spec = spec_for(identity_);
    spec.name = fs::path(subject_.command.front()).filename();
    spec.program = subject_.command.front();
    spec.arguments.assign(subject_.command.begin() + 1, subject_.command.end());
    spec.join = group_.join_descriptors();
    spec.descriptors = {{STDOUT_FILENO, output_.writing()}, {STDERR_FILENO, output_.writing()}};
    if (trial_.value && limit_.kind == SearchedLimit::Kind::rlimit) {
      spec.rlimits = {{limit_.resource, static_cast<rlim_t>(*trial_.value)}};
    }
    try {
      main_ = site_.launcher.start(spec).pid();
      return true;
    } catch (const SpawnError& error) {
      judge(TrialOutcome::refused_to_start, error.what());
      return false;
    }
  }

  void tick(milliseconds patience = kTick) {
    waiter_.wait(patience);
    look();
  }

  void look() {
    use_.sample();
    check_group();
    if (!trial_.value) return;
    if (const auto raised = use_.raised_above(*trial_.value)) {
      throw NotSearchable(fmt::format(
          "the command has set its own {} to {}, above the {} that were tried: expected "
          "one that keeps the limit it is given, or a user that may not (--user)",
          limit_.name, *raised, *trial_.value));
    }
  }

  /// Seen twice: a process that is just ending has left its group as well.
  void check_group() {
    const std::string status =
        read_file_if_there(fmt::format("/proc/{}/status", main_)).value_or("");
    const bool lives = !main_status() && value_of(status, "VmSize:");
    const bool inside = use_.holds(main_);
    seen_outside_ = lives && !inside ? seen_outside_ + 1 : 0;
    if (seen_outside_ < 2) return;
    throw NotSearchable(
        "the command has left the control group of its trial: expected one that stays where its "
        "limit is, or a user that may not leave (--user)");
  }

  std::optional<int> main_status() const { return waiter_.status_of(main_); }
  bool empty() const { return group_.pids().current == 0; }

  /// Nothing of it goes on: by itself, or because its main process ended badly.
  bool has_ended() const {
    const auto status = main_status();
    return status && (*status != 0 || empty());
  }

  bool wait_until_ready(milliseconds patience, Clock::time_point begin) {
    const auto until = begin + patience;
    while (Clock::now() < until) {
      if (is_ready(until)) {
        trial_.ready_s = seconds_since(begin);
        record(ReadyEvent{name_of(subject_.ready.kind)});
        return true;
      }
      if (has_ended()) {
        trial_.ready_s = seconds_since(begin);
        judge_end(false);
        return false;
      }
      tick(subject_.ready.kind == Readiness::Kind::command ? kAskAgain : kTick);
    }
    const bool runs = !main_status();
    judge(TrialOutcome::hung,
          fmt::format("{} within {:.1f} s",
                      runs && subject_.ready.kind == Readiness::Kind::ends ? "it did not end"
                                                                           : "it did not get ready",
                      std::chrono::duration<double>(patience).count()));
    return false;
  }

  static const char* name_of(Readiness::Kind kind) {
    switch (kind) {
      case Readiness::Kind::ends:
        return "end";
      case Readiness::Kind::tcp:
        return "tcp";
      case Readiness::Kind::log:
        return "log";
      case Readiness::Kind::command:
        break;
    }
    return "command";
  }

  bool is_ready(Clock::time_point until) {
    switch (subject_.ready.kind) {
      case Readiness::Kind::ends:
        return main_status() == 0 && ends_with_its_processes();
      case Readiness::Kind::tcp:
        return listens(subject_.ready.port);
      case Readiness::Kind::log:
        if (main_status()) output_.take_all();
        return output_.matched();
      case Readiness::Kind::command:
        break;
    }
    if (has_ended()) return false;
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    return ask(subject_.ready.text, left).ok();
  }

  bool ends_with_its_processes() {
    for (const auto until = Clock::now() + kTailPatience; Clock::now() < until; tick()) {
      if (empty()) return true;
    }
    throw NotSearchable(
        "the command ended with status 0 and processes of it go on: expected --ready, --ready-tcp "
        "or --ready-log, which say how it is known to be ready");
  }

  ShellEnd ask(const std::string& command, milliseconds patience) {
    return run_shell(command, spec_for(subject_.user), beside_, site_.launcher, waiter_, patience,
                     [this] { look(); });
  }

  void probe(milliseconds patience) {
    const bool ends = subject_.ready.kind == Readiness::Kind::ends;
    const auto begin = Clock::now();
    if (!subject_.probe.empty()) {
      const ShellEnd end = ask(subject_.probe, patience);
      trial_.probe_s = seconds_since(begin);
      record(ProbeEvent{end.in_time, end.status, end.last_line});
      if (!ends && has_ended()) return judge_end(true);
      if (!end.in_time) return judge(TrialOutcome::hung, "the probe " + how(end));
      if (!end.ok()) {
        return judge(TrialOutcome::degraded,
                     fmt::format("the probe {}: {}", how(end), end.last_line));
      }
    }
    if (!ends && has_ended()) return judge_end(true);
    if (use_.refusals().value_or(0) > 0)
      judge(TrialOutcome::unnoticed, "it was refused, and went on");
  }

  static std::string how(const ShellEnd& end) {
    return end.in_time ? fmt::format("ended with status {}", end.status)
                       : "did not end within its time limit";
  }

  void judge(TrialOutcome outcome, std::string why) {
    trial_.outcome = outcome;
    trial_.why = std::move(why);
  }

  void judge_end(bool was_ready) {
    const int status = main_status().value_or(0);
    const char* when = was_ready ? "after it was ready" : "before it was ready";
    if (WIFSIGNALED(status)) {
      trial_.signal = WTERMSIG(status);
      return judge(TrialOutcome::crashed, fmt::format("ended by signal {}", WTERMSIG(status)));
    }
    trial_.status = WEXITSTATUS(status);
    const bool ends = subject_.ready.kind == Readiness::Kind::ends;
    judge(was_ready ? TrialOutcome::crashed : TrialOutcome::refused_to_start,
          ends ? fmt::format("ended with status {}", WEXITSTATUS(status))
               : fmt::format("ended with status {} {}", WEXITSTATUS(status), when));
  }

  /// The host first: it is everybody's. Then the counts: they go with the group.
  void end() {
    if (on_host_) on_host_->restore();
    trial_.refusals = use_.refusals();
    trial_.peak = use_.peak();
    if (const auto status = main_status()) {
      record(FaultEvent{std::string(FaultEvent::kExited), subject_.command.front(),
                        describe_end(*status)});
    }
    record(use_.event(trial_.value, main_));
    record(OutcomeEvent{std::string(to_string(trial_.outcome)), trial_.why});
    group_.destroy(kEndPatience);
    beside_.destroy(kEndPatience);
    for (const auto until = Clock::now() + kEndPatience;
         main_ > 0 && !main_status() && Clock::now() < until;) {
      waiter_.wait(kTick);
    }
    waiter_.forget(main_);
    output_.finish();
    trial_.last_lines = output_.last_lines();
    trial_.log_dropped = output_.dropped();
    record(ArmEndEvent{.reason = "end of the trial", .completed = true});
  }

  static constexpr milliseconds kEndPatience{5000};

  const TrialSubject& subject_;
  const SearchedLimit& limit_;
  TrialSite& site_;
  Waiter& waiter_;
  Identity identity_;
  CommandOutput output_;
  Listening listening_;
  DataFolder data_;
  Cgroup group_;  // ended before the folder is removed
  Cgroup beside_;
  LimitUse use_;
  pid_t main_ = -1;
  int seen_outside_ = 0;
  std::optional<HeldHostSetting> on_host_;  // taken back before anything is ended
  FindTrial trial_;
};

}  // namespace

FindTrial Trials::run(std::optional<std::int64_t> value, const Bounds& bounds, int log) {
  return Run(subject_, limit_, site_, waiter_, ++number_, value, log).run(bounds);
}

}  // namespace ceiling
