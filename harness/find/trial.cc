#include "harness/find/trial.h"

#include <fmt/format.h>
#include <sys/wait.h>

#include <utility>

#include "harness/find/readiness.h"
#include "harness/find/trial_ruling.h"
#include "harness/find/tried_command.h"

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kTick{10};
constexpr milliseconds kAskAgain{50};        // a command that is asked whether it is ready
constexpr milliseconds kTailPatience{2000};  // processes that outlive a command that has ended

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
        recorder_(site.recorder),
        command_(subject, limit, site, waiter, number, value, log) {
    trial_.value = value;
  }

  FindTrial run(const Bounds& bounds) {
    check_port();
    command_.prepare();
    command_.set_limit();
    record(TrialEvent{std::string(limit_.name), trial_.value});
    const auto begin = Clock::now();
    if (start()) {
      if (wait_until_ready(bounds.ready, begin)) probe(bounds.probe);
      command_.use().sample();
    }
    trial_.elapsed_s = seconds_since(begin);
    end();
    return trial_;
  }

 private:
  template <class What>
  void record(What what) {
    recorder_.record(std::move(what));
  }

  void check_port() const {
    if (subject_.ready.kind != Readiness::Kind::tcp || !listens(subject_.ready.port)) return;
    throw NotSearchable(
        fmt::format("port {} is open before the command has started: expected a port that nobody "
                    "else uses",
                    subject_.ready.port));
  }

  bool start() {
    try {
      command_.start();
      return true;
    } catch (const SpawnError& error) {
      judge({TrialOutcome::refused_to_start, error.what()});
      return false;
    }
  }

  bool is_to_end() const { return subject_.ready.kind == Readiness::Kind::ends; }

  bool wait_until_ready(milliseconds patience, Clock::time_point begin) {
    const auto until = begin + patience;
    while (Clock::now() < until) {
      if (is_ready(until)) {
        trial_.ready_s = seconds_since(begin);
        record(ReadyEvent{name_of(subject_.ready.kind)});
        return true;
      }
      if (command_.has_ended()) {
        trial_.ready_s = seconds_since(begin);
        judge_end(false);
        return false;
      }
      command_.wait(subject_.ready.kind == Readiness::Kind::command ? kAskAgain : kTick);
    }
    judge(ruling_of_delay(patience, is_to_end(), !command_.status()));
    return false;
  }

  bool is_ready(Clock::time_point until) {
    switch (subject_.ready.kind) {
      case Readiness::Kind::ends:
        return has_ended_with_its_processes();
      case Readiness::Kind::tcp:
        return listens(subject_.ready.port);
      case Readiness::Kind::log:
        return command_.has_said_line();
      case Readiness::Kind::command:
        break;
    }
    if (command_.has_ended()) return false;
    const auto left = std::chrono::ceil<milliseconds>(until - Clock::now());
    return command_.ask(subject_.ready.text, left).ok();
  }

  /// Without the limit those that go on are a daemon's; under it they may be what was refused.
  bool has_ended_with_its_processes() {
    if (command_.status() != 0) return false;
    if (command_.empty()) return true;
    if (trial_.value) return false;
    if (!tail_since_) tail_since_ = Clock::now();
    if (Clock::now() < *tail_since_ + kTailPatience) return false;
    throw NotSearchable(
        "the command ended with status 0 and processes of it go on: expected --ready, --ready-tcp "
        "or --ready-log, which say how it is known to be ready");
  }

  void probe(milliseconds patience) {
    const auto begin = Clock::now();
    if (!subject_.probe.empty()) {
      const ShellEnd end = command_.ask(subject_.probe, patience);
      trial_.probe_s = seconds_since(begin);
      record(ProbeEvent{end.in_time, end.status, end.last_line});
      if (!is_to_end() && command_.has_ended()) return judge_end(true);
      if (!end.ok()) return judge(ruling_of_probe(end));
    }
    if (!is_to_end() && command_.has_ended()) return judge_end(true);
    if (command_.use().refusals().value_or(0) > 0)
      judge({TrialOutcome::unnoticed, "it was refused, and went on"});
  }

  void judge_end(bool was_ready) {
    const int status = command_.status().value_or(0);
    if (WIFSIGNALED(status)) {
      trial_.signal = WTERMSIG(status);
    } else {
      trial_.status = WEXITSTATUS(status);
    }
    judge(ruling_of_end(status, is_to_end(), was_ready));
  }

  void judge(Ruling ruling) {
    trial_.outcome = ruling.outcome;
    trial_.why = std::move(ruling.why);
  }

  /// The host first: it is everybody's. Then the counts: they go with the group.
  void end() {
    command_.restore_host();
    trial_.refusals = command_.use().refusals();
    trial_.peak = command_.use().peak();
    if (const auto status = command_.status()) {
      record(FaultEvent{std::string(FaultEvent::kExited), subject_.command.front(),
                        describe_end(*status)});
    }
    record(command_.use().event(trial_.value, command_.pid()));
    record(OutcomeEvent{std::string(to_string(trial_.outcome)), trial_.why});
    command_.end();
    trial_.last_lines = command_.output().last_lines();
    trial_.log_dropped = command_.output().dropped();
    record(ArmEndEvent{.reason = "end of the trial", .completed = true});
  }

  const TrialSubject& subject_;
  const SearchedLimit& limit_;
  Recorder& recorder_;
  TriedCommand command_;
  std::optional<Clock::time_point> tail_since_;
  FindTrial trial_;
};

}  // namespace

FindTrial Trials::run(std::optional<std::int64_t> value, const Bounds& bounds, int log) {
  return Run(subject_, limit_, site_, waiter_, ++number_, value, log).run(bounds);
}

}  // namespace ceiling
