#include "tests/unit/verify/story.h"

#include <cerrno>
#include <stdexcept>

#include "workload/protocol/hash_key.h"

namespace ceiling::test {
namespace {

constexpr int kShards = 4;

std::string frontend(int number) {
  return "frontend-" + std::to_string(number);
}

class Narrator {
 public:
  explicit Narrator(const Course& course) : course_(course) {}

  History tell() {
    tell("", RunEvent{"7f3a", "kinesis-2020", "6.18.44", "hybrid", "2020-11-25T05:15:00Z"});
    const std::string resource(
        to_string(counted_by(course_.name).value_or(Resource::address_space)));
    tell("", CalibrationEvent{2, {6, 6}, {{resource, {1100, 1100}}}});
    tell("", CalibrationEvent{3, {7, 7, 7}, {{resource, {1200, 1200, 1200}}}});
    if (course_.name == LimitName::memory_max) tell_memory_calibration();
    const int last =
        course_.kept_out ? *course_.kept_out - 1 : course_.failing.value_or(course_.end);
    for (int size = course_.start; size <= last; ++size) tell_step(size, size == course_.failing);
    if (course_.kept_out) tell_refused_addition(*course_.kept_out);
    tell_audit();
    tell(course_.arm, ArmEndEvent{course_.kept_out  ? "addition refused"
                                  : course_.failing ? "failing size"
                                                    : "end of the fleet",
                                  true});
    return std::move(history_);
  }

 private:
  template <typename What>
  void tell(const std::string& arm, What what) {
    history_.push_back({static_cast<double>(history_.size()) / 1024, arm, std::move(what)});
  }

  void tell_memory_calibration() {
    constexpr int kSize = 10;
    CalibrationEvent large{kSize, std::vector<std::int64_t>(kSize, 5 + kSize - 1), {}};
    for (Event& event : history_) {
      if (auto* small = std::get_if<CalibrationEvent>(&event.what)) measure_memory(*small);
    }
    measure_memory(large);
    tell("", large);
  }
  static void measure_memory(CalibrationEvent& event) {
    const std::int64_t peers = event.fleet_size - 1;
    event.resources = {
        {"memory_bytes", std::vector<std::int64_t>(event.tasks.size(), 50'000 + peers * 50'000)},
        {"kernel_memory_bytes",
         std::vector<std::int64_t>(event.tasks.size(), 20'000 + peers * 30'000)}};
  }

  void tell_step(int size, bool failing) {
    StepEvent step{size, true, failing ? size - 1 : size, {}};
    if (failing && course_.drifted > 0) step.in_service = size;
    if (size == course_.alarm) {
      tell(course_.arm, AlarmEvent{frontend(1), "pids.max", "/frontends/frontend-1", 5 + size - 1,
                                   course_.limit, size});
    }
    for (int number = 1; number <= size; ++number) {
      const std::string name = frontend(number);
      const auto version = static_cast<std::uint64_t>(size);
      if (!failing || !fails(number)) {
        tell(course_.arm, MapEvent{name, version, "d" + std::to_string(size), true, true, true});
        continue;
      }
      if (!course_.staged) tell(course_.arm, MapEvent{name, version, "", false, false, true});
      if (course_.scope == LimitScope::fleet && number < size) continue;
      const std::int64_t own = course_.scope == LimitScope::fleet ? 4 : course_.threads;
      step.failed.push_back(name);
      if (course_.name == LimitName::memory_max) {
        tell(course_.arm, FaultEvent{"exited", name, "signal 9"});
        continue;
      }
      const bool descriptors = course_.name == LimitName::rlimit_nofile;
      const bool memory = !descriptors && counted_by(course_.name);
      tell(course_.arm, RefusalEvent{name, descriptors ? EMFILE : EAGAIN, own, version, "build",
                                     memory ? std::optional(0) : std::nullopt});
    }
    if (course_.alarm && size >= *course_.alarm) step.alarms = 1;
    tell_samples(size, failing);
    tell(course_.arm, step);
    tell_canaries(size, failing && !course_.staged);
    tell(course_.arm, RoutableEvent{failing && !course_.staged ? 0.0 : 1.0, kShards * size, size});
  }

  void tell_refused_addition(int size) {
    const std::int64_t left = course_.limit - (5 + size - 2);
    tell(course_.arm, AdmissionEvent{frontend(size), "pids.max", "/frontends/frontend-1",
                                     frontend(1), left, 1, size});
    tell(course_.arm, FaultEvent{"shrunk", frontend(size), ""});
    tell(course_.arm, FaultEvent{"exited", frontend(size), "exit status 0"});
    tell_samples(size - 1, false);
    tell(course_.arm, StepEvent{size - 1, true, size - 1, {}});
    tell_canaries(size, false);
    tell(course_.arm, RoutableEvent{1.0, kShards * (size - 1), size - 1});
  }

  bool fails(int number) const { return course_.drifted == 0 || number == course_.drifted; }

  void tell_samples(int size, bool failing) {
    const bool shared = course_.scope == LimitScope::fleet;
    const std::int64_t each = 5 + size - 1;
    for (int number = 1; number <= (shared ? 1 : size); ++number) {
      const bool full = failing && (shared || fails(number));
      const std::int64_t tasks = full ? course_.threads : shared ? size * each : each;
      const std::string scope = shared ? "fleet" : frontend(number);
      const bool pids = course_.name == LimitName::pids_max;
      const auto limit = fails(number) ? std::optional(course_.limit) : std::nullopt;
      tell(course_.arm, SampleEvent{scope, "pids.max", "/pids/" + scope + "/pids.max",
                                    pids ? limit : std::nullopt, tasks, pids && full ? 1 : 0});
      if (counted_by(course_.name))
        tell(course_.arm, SampleEvent{scope,
                                      std::string(to_string(course_.name)),
                                      "/proc/1/limits",
                                      limit,
                                      tasks,
                                      {},
                                      1000 + 100 * (tasks - 5)});
      if (course_.name == LimitName::memory_max)
        tell(course_.arm, SampleEvent{.scope = scope,
                                      .limit = "memory.max",
                                      .where = "/memory/" + scope + "/memory.max",
                                      .value = limit,
                                      .tasks = tasks,
                                      .pids_events = {},
                                      .used = full ? course_.limit : 50'000 * size,
                                      .oom_kills = full ? 1 : 0});
      if (course_.name == LimitName::rlimit_nproc)
        tell(course_.arm, SampleEvent{scope, "RLIMIT_NPROC", "/proc/1/limits", limit, tasks, {}});
    }
    tell(course_.arm, SampleEvent{"/x", "pids.max", "/pids/x/pids.max", 5000, 300, 17});
  }

  void tell_canaries(int size, bool failing) {
    const std::string key = "key-" + std::to_string(size);
    OpEvent put{++ids_, OpPhase::invoke, "put", frontend(1), "orders", -1, key, 0};
    tell(course_.arm, put);
    put.phase = failing ? OpPhase::fail : OpPhase::ok;
    if (!failing) put.shard = shard_of(key);
    if (!failing) put.sequence = ids_;
    tell(course_.arm, put);
    if (!failing) kept_.push_back(put);
  }

  void tell_audit() {
    for (OpEvent record : kept_) {
      record.kind = "audit";
      record.frontend.clear();
      tell(course_.arm, record);
    }
    tell(course_.arm, AuditEvent{kept_.size(), true});
  }

  const Course& course_;
  History history_;
  std::vector<OpEvent> kept_;
  std::uint64_t ids_ = 0;
};

}  // namespace

int shard_of(const std::string& key) {
  for (int shard = 0; shard < kShards; ++shard)
    if (shard_range(shard, kShards).contains(hash_key(key))) return shard;
  throw std::logic_error("no shard for " + key);
}

Experiment experiment_of(const Course& course, Outcome expect) {
  ArmPlan arm;
  arm.name = course.arm;
  if (course.staged) arm.guardrails = {Guardrail::staged_build};
  arm.guardrails.insert(arm.guardrails.end(), course.guardrails.begin(), course.guardrails.end());
  arm.expect = expect;
  arm.fleet = {course.start, course.end, 1, 1};
  arm.limits.scope = course.scope;
  if (course.drifted > 0) {
    arm.limits.overrides[course.drifted][course.name].value = course.limit;
  } else {
    arm.limits.set(course.name, course.limit);
  }
  Experiment experiment;
  experiment.name = "kinesis-2020";
  experiment.streams = {{"orders", kShards}};
  experiment.clients = {{"canary", 100}};
  experiment.arms = {arm};
  return experiment;
}

History story(const Course& course) {
  return Narrator(course).tell();
}

RunVerdict judge_run(const Course& course, Outcome expect, History history) {
  return judge(experiment_of(course, expect), {std::move(history), {}});
}

ArmVerdict judge_arm(const Course& course, Outcome expect, History history) {
  return judge_run(course, expect, std::move(history)).arms.at(0);
}

ArmVerdict judge_arm(const Course& course, Outcome expect) {
  return judge_arm(course, expect, story(course));
}

std::string summary(const ArmVerdict& arm) {
  std::string text =
      std::string(to_string(arm.verdict)) + " " + std::string(to_string(arm.outcome));
  for (const std::string& reason : arm.reasons)
    text += (&reason == &arm.reasons.front() ? ": " : "; ") + reason;
  return text;
}

const Invariant& invariant(const ArmVerdict& arm, const std::string& name) {
  for (const Invariant& found : arm.invariants)
    if (found.name == name) return found;
  throw std::out_of_range(name);
}

}  // namespace ceiling::test
