#include "harness/fleet/fleet.h"

#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <set>

#include "cgroups/error.h"
#include "harness/fleet/guardrail_events.h"
#include "harness/fleet/host_limits.h"
#include "harness/observe/sampler.h"
#include "workload/protocol/process.h"
#include "workload/protocol/routes.h"

namespace ceiling {
namespace {

constexpr auto kEndPatience = std::chrono::seconds(5);

/// Those that clients have made meanwhile are in no plan; what is routed of them has to tile too.
void add_streams_of_clients(const std::vector<wire::Route>& routes,
                            std::vector<wire::Stream>& streams) {
  std::set<std::string> known;
  for (const wire::Stream& stream : streams) known.insert(wire::id_of(stream));
  for (const wire::Route& route : routes) {
    if (known.insert(route.stream()).second) streams.emplace_back().set_name(route.stream());
  }
}

}  // namespace

/// A limit that counts each process by itself: how setrlimit(2) and /proc/PID/limits name it, and
/// what it counts. vm.max_map_count is set on the host, and has neither name.
struct ProcessLimit {
  LimitName name;
  int rlimit;
  std::string_view row;
  std::int64_t ProcessUse::*used;
};
constexpr std::array<ProcessLimit, 5> kProcessLimits = {{
    {LimitName::rlimit_as, RLIMIT_AS, "Max address space", &ProcessUse::address_space_bytes},
    {LimitName::rlimit_data, RLIMIT_DATA, "Max data size", &ProcessUse::data_bytes},
    {LimitName::rlimit_memlock, RLIMIT_MEMLOCK, "Max locked memory", &ProcessUse::locked_bytes},
    {LimitName::rlimit_nofile, RLIMIT_NOFILE, "Max open files", &ProcessUse::descriptors},
    {LimitName::max_map_count, -1, "", &ProcessUse::maps},
}};

/// Limits on memory refuse a thread's stack and leave no trace in the kernel.
bool limits_memory(const LimitPlan& limits) {
  return limits.sets(LimitName::rlimit_as) || limits.sets(LimitName::rlimit_data) ||
         limits.sets(LimitName::rlimit_memlock) || limits.sets(LimitName::max_map_count) ||
         limits.sets(LimitName::overcommit_memory);
}

bool Fleet::Frontend::refused_at_start() const {
  return status && status->refusal().phase() == "start";
}

bool Fleet::Frontend::done(std::uint64_t version) const {
  if (ended || refused_at_start() || kept_out()) return true;
  return status && status->build().version() == version &&
         (status->build().state() == wire::BUILD_COMPLETE ||
          status->build().state() == wire::BUILD_FAILED);
}

Fleet::Fleet(Site& site, FleetSpec spec, Recorder* recorder)
    : site_(site),
      spec_(std::move(spec)),
      recorder_(recorder),
      group_(site.group().child(spec_.label)),
      services_(
          site, group_,
          {.label = spec_.label,
           .first_members = spec_.start,
           .threads_per_peer = spec_.threads_per_peer,
           .backends = spec_.backends,
           .streams = spec_.streams,
           .cells = spec_.cells.value_or(0),
           .cache_servers = spec_.cache_servers,
           .cache_descriptors = spec_.limits.value(LimitName::rlimit_nofile),
           .cache_tasks = spec_.limits.scope == LimitScope::frontend
                              ? spec_.limits.value(LimitName::pids_max)
                              : std::nullopt,
           .admission = std::find(spec_.guardrails.begin(), spec_.guardrails.end(),
                                  Guardrail::admission) != spec_.guardrails.end(),
           .health_timeout_ms = spec_.health_timeout_ms,
           .on_removal =
               [this](const wire::Removal& removal) {
                 record(RemovalEvent{.frontend = removal.member(),
                                     .silent_ms = static_cast<std::int64_t>(removal.silent_ms())});
               },
           .on_silence =
               [this](const wire::Removal& removal) {
                 record(
                     FaultEvent{.kind = std::string(FaultEvent::kSilent),
                                .target = removal.member(),
                                .detail = fmt::format("no answer for {} ms", removal.silent_ms())});
               }}),
      scope_(group_.child("frontends")) {
  for (const StreamPlan& plan : spec_.streams) {
    wire::Stream stream;
    stream.set_name(plan.name);
    stream.set_shards(static_cast<std::uint32_t>(plan.shards));
    streams_.push_back(std::move(stream));
  }
  if (spec_.limits.scope == LimitScope::fleet && spec_.limits.sets(LimitName::pids_max)) {
    scope_.set_pids_max(spec_.limits.value(LimitName::pids_max));
  }
  const auto memory_max = spec_.limits.value(LimitName::memory_max);
  if (spec_.limits.scope == LimitScope::fleet && memory_max) scope_.set_memory_max(*memory_max);
  if (spec_.limits.cpu_percent > 0) scope_.set_cpu_percent(spec_.limits.cpu_percent);
  site_.on_exit([this](const Exit& exit) { on_exit(exit); });
  services_.start();
  if (spec_.limits.scope == LimitScope::pid_namespace) {
    namespace_.emplace(site_, spec_.label, services_.group(),
                       spec_.limits.value(LimitName::pid_max).value());
  }
}

Fleet::~Fleet() {
  try {
    destroy();
  } catch (const std::exception&) {
    // The keeper ends what is left.
  }
}

int Fleet::free_number() const {
  int number = 1;  // frontends_ are in the order of their numbers
  for (const Frontend& one : frontends_) number += one.number == number ? 1 : 0;
  return number;
}

uid_t Fleet::uid_of(int number) const {
  const bool shared =
      spec_.limits.scope == LimitScope::fleet && spec_.limits.sets(LimitName::rlimit_nproc);
  return site_.frontend_uid(shared ? 0 : number - 1);
}

std::vector<std::pair<int, rlim_t>> Fleet::rlimits_of(int number) const {
  std::vector<std::pair<int, rlim_t>> rlimits;
  const auto add = [&](LimitName name, int rlimit) {
    const auto value = spec_.limits.value(name, number);
    if (value) rlimits.emplace_back(rlimit, static_cast<rlim_t>(*value));
    return value.has_value();
  };
  for (const ProcessLimit& limit : kProcessLimits) {
    if (is_host_wide(limit.name)) continue;
    const bool set = add(limit.name, limit.rlimit);
    if (!set && limit.name == LimitName::rlimit_nofile)
      rlimits.push_back(as_granted(RLIMIT_NOFILE));
    if (!set && limit.name == LimitName::rlimit_memlock && spec_.lock_memory) {
      rlimits.push_back(as_granted(RLIMIT_MEMLOCK));
    }
  }
  add(LimitName::rlimit_nproc, RLIMIT_NPROC);
  return rlimits;
}

void Fleet::add_frontend(int number) {
  const uid_t uid = uid_of(number);
  const std::string name = member_name(number);
  const auto next = std::find_if(frontends_.begin(), frontends_.end(),
                                 [number](const Frontend& one) { return one.number > number; });
  Frontend& frontend = *frontends_.insert(next, Frontend{.number = number,
                                                         .name = name,
                                                         .group = scope_.child(name),
                                                         .started = std::nullopt,
                                                         .status = std::nullopt,
                                                         .refusals_recorded = 0,
                                                         .ended = false,
                                                         .removed = false});
  if (spec_.limits.scope == LimitScope::frontend) {
    frontend.group.set_pids_max(spec_.limits.value(LimitName::pids_max, number));
    const auto memory_max = spec_.limits.value(LimitName::memory_max, number);
    if (memory_max) frontend.group.set_memory_max(*memory_max);
  }
  Site::Start start{.label = spec_.label,
                    .name = name,
                    .program = "ceiling-frontend",
                    .arguments = {"--membership", services_.address()},
                    .group = &frontend.group,
                    .uid = uid,
                    .rlimits = rlimits_of(number),
                    .descriptors = {},
                    .pid_namespace = namespace_ ? &namespace_->init() : nullptr};
  if (number == 1 && spec_.port != 0) {
    start.arguments.insert(start.arguments.end(),
                           {"--listen", fmt::format("127.0.0.1:{}", spec_.port)});
  }
  if (limits_memory(spec_.limits)) start.arguments.emplace_back("--probe");
  if (spec_.lock_memory) start.arguments.emplace_back("--lock-memory");
  for (const Guardrail guardrail : spec_.guardrails) {
    if (guardrail == Guardrail::cells) continue;  // membership's
    start.arguments.insert(start.arguments.end(),
                           {"--guardrail", std::string(to_string(guardrail))});
    if (guardrail == Guardrail::alarm) {
      start.arguments.insert(start.arguments.end(),
                             {"--alarm-percent", std::to_string(spec_.alarm_percent)});
    } else if (guardrail == Guardrail::multiplex) {
      start.arguments.insert(start.arguments.end(),
                             {"--thread-budget", std::to_string(spec_.thread_budget.value())});
    }
  }
  try {
    frontend.started = site_.start(
        start, [this, &frontend](const wire::Status& status) { on_status(frontend, status); });
  } catch (const SpawnError& refused) {
    // A limit of the whole host refuses the launcher, or the new program, as well as the frontends.
    const int error = refused.code().value();
    const bool task = refused.step() == "fork" && error == EAGAIN;
    const bool memory = spec_.limits.sets(LimitName::overcommit_memory) && error == ENOMEM;
    if (!task && !memory) throw;
    frontend.ended = true;
    record(
        RefusalEvent{.frontend = name, .error = error, .tasks = 0, .version = 0, .phase = "start"});
  }
}

void Fleet::remove_frontend(const std::string& name, int signal) {
  const auto found = std::find_if(frontends_.begin(), frontends_.end(),
                                  [&name](const Frontend& one) { return one.name == name; });
  if (found == frontends_.end()) throw Error("there is no " + name);
  if (found->started && !found->ended) {
    found->started->process.signal(signal);
    site_.loop().run_until([&] { return found->ended; }, kEndPatience);
  }
  found->group.destroy(kEndPatience);
  frontends_.erase(found);
}

void Fleet::on_status(Frontend& frontend, const wire::Status& status) {
  const wire::Status known = frontend.status.value_or(wire::Status());
  if (auto kept_out = admission_event(known, status, size())) record(std::move(*kept_out));
  if (auto alarm = alarm_event(known, status, size())) record(std::move(*alarm));
  const wire::PublishedMap& before = known.map();
  frontend.status = status;
  frontend.status->mutable_map()->clear_routes();
  const wire::PublishedMap& now = status.map();
  if (now.version() != before.version() || now.complete() != before.complete() ||
      now.digest() != before.digest()) {
    const std::vector<wire::Route> routes(now.routes().begin(), now.routes().end());
    std::vector<wire::Stream> streams = streams_;
    add_streams_of_clients(routes, streams);
    record(MapEvent{.frontend = frontend.name,
                    .version = now.version(),
                    .digest = fmt::format("{:016x}", now.digest()),
                    .complete = now.complete(),
                    .tiling = !wire::tiling_problem(streams, routes),
                    .published = true});
  }
  const bool gave_up = status.build().state() == wire::BUILD_FAILED &&
                       (known.build().state() != wire::BUILD_FAILED ||
                        known.build().version() != status.build().version());
  if (gave_up && status.no_source()) {
    const auto version = status.build().version();
    record(FaultEvent{.kind = std::string(FaultEvent::kNoSource),
                      .target = frontend.name,
                      .detail = fmt::format("had no source of map version {}", version)});
  }
  const wire::Refusal& refusal = status.refusal();
  if (refusal.count() > frontend.refusals_recorded) {
    frontend.refusals_recorded = refusal.count();
    record(RefusalEvent{
        .frontend = frontend.name,
        .error = refusal.error(),
        .tasks = refusal.tasks(),
        .version = refusal.version(),
        .phase = refusal.phase(),
        .probe = refusal.probed() ? std::optional(refusal.probe_error()) : std::nullopt,
        .server = refusal.server()});
  }
}

void Fleet::on_exit(const Exit& exit) {
  if (ending_ || (others_ && others_(exit))) return;
  for (Frontend& frontend : frontends_) {
    if (!frontend.started || frontend.started->process.pid() != exit.pid) continue;
    frontend.ended = true;
    frontend.removed = WIFEXITED(exit.status) && WEXITSTATUS(exit.status) == wire::kRemoved;
  }
  services_.on_exit(exit);
  record(FaultEvent{
      .kind = std::string(FaultEvent::kExited), .target = exit.name, .detail = describe(exit)});
}

bool Fleet::settled() const {
  const auto joined = std::count_if(frontends_.begin(), frontends_.end(), [](const Frontend& one) {
    return !one.ended && !one.refused_at_start() && !one.kept_out();
  });
  if (services_.members() != joined) return false;
  if (!services_.caches_at(services_.members_version())) return false;
  return std::all_of(frontends_.begin(), frontends_.end(),
                     [&](const Frontend& one) { return one.done(services_.members_version()); });
}

bool Fleet::settle(std::chrono::milliseconds patience) {
  return site_.loop().run_until([this] { return settled(); }, patience);
}

int Fleet::alarms() const {
  return static_cast<int>(
      std::count_if(frontends_.begin(), frontends_.end(),
                    [](const Frontend& one) { return one.status && one.status->has_alarm(); }));
}

std::vector<std::string> Fleet::kept_out() const {
  std::vector<std::string> names;
  for (const Frontend& one : frontends_) {
    if (one.kept_out() && !one.ended) names.push_back(one.name);
  }
  return names;
}

std::vector<std::string> Fleet::failed() const {
  std::vector<std::string> names;
  for (const Frontend& one : frontends_) {
    const bool complete =
        one.status && one.status->build().state() == wire::BUILD_COMPLETE && !one.ended;
    if (!complete) names.push_back(one.name);
  }
  return names;
}

std::vector<FrontendState> Fleet::frontends() const {
  std::vector<FrontendState> states;
  for (const Frontend& one : frontends_)
    states.push_back({one.name, one.status, one.ended, one.removed});
  return states;
}

std::vector<wire::Member> Fleet::in_service() const {
  std::vector<wire::Member> members;
  for (const Frontend& one : frontends_) {
    if (one.ended || !one.status || !one.status->in_service()) continue;
    wire::Member& member = members.emplace_back();
    member.set_name(one.name);
    member.set_http_address(one.status->http_address());
    member.set_peer_address(one.status->peer_address());
  }
  return members;
}

std::vector<std::int64_t> Fleet::frontend_tasks() const {
  std::vector<std::int64_t> tasks;
  for (const Frontend& one : frontends_) tasks.push_back(one.group.pids().current);
  return tasks;
}

std::map<std::string, std::vector<std::int64_t>> Fleet::frontend_resources() const {
  std::map<std::string, std::vector<std::int64_t>> resources;
  for (const Frontend& one : frontends_) {
    if (const auto memory = one.group.memory()) {
      resources[std::string(to_string(Resource::memory))].push_back(memory->kept);
      resources[std::string(to_string(Resource::kernel_memory))].push_back(memory->kernel);
      resources[std::string(to_string(Resource::memory_ahead))].push_back(charged_ahead());
    }
    const auto use = one.started ? read_use(one.started->process.pid()) : std::nullopt;
    if (!use) continue;
    for (const ProcessLimit& limit : kProcessLimits) {
      if (limit.name == LimitName::max_map_count && use->maps == 0) continue;
      resources[std::string(to_string(*counted_by(limit.name)))].push_back((*use).*limit.used);
    }
  }
  return resources;
}

void Fleet::sample_processes(const Frontend& one) {
  const pid_t pid = one.started->process.pid();
  for (const ProcessLimit& limit : kProcessLimits) {
    if (!spec_.limits.sets(limit.name)) continue;
    const auto use = read_use(pid);
    if (!use) return;
    if (limit.name == LimitName::max_map_count) {
      record(sample_maps(one.name, *use));
      continue;
    }
    auto sample =
        sample_process(one.name, to_string(limit.name), limit.row, pid, *use, (*use).*limit.used);
    if (sample) record(std::move(*sample));
  }
}

void Fleet::sample_memory_of(const std::string& scope, const Cgroup& group) {
  if (!spec_.limits.sets(LimitName::memory_max)) return;
  if (const auto memory = group.memory()) {
    record(sample_memory(scope, group.pids().current, *memory));
  }
}

void Fleet::sample() {
  std::vector<pid_t> pids;
  for (const Frontend& one : frontends_) {
    record(sample_pids(one.name, one.group.pids()));
    sample_memory_of(one.name, one.group);
    if (!one.started || one.ended) continue;
    const pid_t pid = one.started->process.pid();
    pids.push_back(pid);
    sample_processes(one);
    if (!spec_.limits.sets(LimitName::rlimit_nproc) || spec_.limits.scope == LimitScope::fleet)
      continue;
    if (auto sample = sample_nproc(one.name, std::span(&pid, 1))) {
      record(std::move(*sample));
    }
  }
  for (SampleEvent& sample : services_.sample_caches()) record(std::move(sample));
  record(sample_pids("fleet", scope_.pids()));
  sample_memory_of("fleet", scope_);
  if (namespace_) record(namespace_->sample(scope_.pids().current));
  // A refusal may be due to any group above, and on some kernels is counted there.
  const std::vector<PidsState> path = pids_path(site_.hierarchy(), scope_.pids_group());
  for (const PidsState& above : std::span(path).subspan(1)) {
    record(sample_pids(above.group, above));
  }
  if (spec_.limits.sets(LimitName::rlimit_nproc) && spec_.limits.scope == LimitScope::fleet) {
    if (auto sample = sample_nproc("fleet", pids)) record(std::move(*sample));
  }
  for (SampleEvent& sample : sample_host(site_.hierarchy(), spec_.limits)) {
    record(std::move(sample));
  }
}

void Fleet::destroy() {
  if (ending_) return;
  ending_ = true;
  site_.on_exit(nullptr);
  group_.destroy(std::chrono::seconds(10));
  site_.remove_data_folders(spec_.label);
}

}  // namespace ceiling
