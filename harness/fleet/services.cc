#include "harness/fleet/services.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "cgroups/error.h"
#include "harness/observe/sampler.h"

namespace ceiling {
namespace {

constexpr auto kStartPatience = std::chrono::seconds(20);
constexpr auto kEndPatience = std::chrono::seconds(5);

}  // namespace

Services::Services(Site& site, Cgroup& fleet, ServicesSpec spec)
    : site_(site),
      spec_(std::move(spec)),
      group_(fleet.child("services")),
      backend_groups_(fleet.child("backends")),
      cache_groups_(fleet.child("caches")) {}

void Services::start() {
  start_membership();
  for (int i = 1; i <= spec_.backends; ++i) {
    Service& backend = backends_.emplace_back(Service{.name = fmt::format("backend-{}", i)});
    backend.group = backend_groups_.child(backend.name);
    backend.data = site_.make_data_folder(spec_.label, backend.name);
    start_backend(backend);
  }
  await(backends_);
  for (int i = 1; i <= spec_.cache_servers; ++i) {
    Service& cache = caches_.emplace_back(Service{.name = fmt::format("cache-{}", i)});
    cache.group = cache_groups_.child(cache.name);
    if (spec_.cache_tasks) cache.group->set_pids_max(spec_.cache_tasks);
    start_cache(cache);
  }
  await(caches_);
}

void Services::start_membership() {
  Site::Start start{.label = spec_.label,
                    .name = membership_.name,
                    .program = "ceiling-membership",
                    .arguments = {"--threads-per-peer", std::to_string(spec_.threads_per_peer),
                                  "--backends", std::to_string(spec_.backends),
                                  "--bootstrap-expect", std::to_string(spec_.first_members)},
                    .group = &group_,
                    .uid = site_.service_uid(),
                    .rlimits = {as_granted(RLIMIT_NOFILE)},
                    .descriptors = {}};
  if (spec_.cells > 0) {
    start.arguments.insert(start.arguments.end(), {"--cells", std::to_string(spec_.cells)});
  }
  if (spec_.admission) {
    start.arguments.insert(start.arguments.end(), {"--guardrail", "admission"});
  }
  if (spec_.health_timeout_ms > 0) {
    start.arguments.insert(start.arguments.end(),
                           {"--health-timeout-ms", std::to_string(spec_.health_timeout_ms)});
  }
  for (const StreamPlan& stream : spec_.streams) {
    start.arguments.insert(start.arguments.end(),
                           {"--stream", fmt::format("{}:{}", stream.name, stream.shards)});
  }
  membership_.started = site_.start(start, [this](const wire::Status& status) {
    tell_removals(status);
    tell_silent_caches(status);
    membership_.status = status;
    membership_.address = status.address();
  });
  if (!site_.loop().run_until([this] { return !membership_.address.empty(); }, kStartPatience)) {
    throw Error("ceiling-membership did not say where it listens; its log is in logs/");
  }
}

/// Those since the status before. Membership keeps the last 64: more at once are not told of.
void Services::tell_removals(const wire::Status& status) const {
  const auto listed = static_cast<std::uint32_t>(status.removed_size());
  const std::uint32_t news = std::min(status.removals() - membership_.status.removals(), listed);
  for (std::uint32_t i = listed - news; i < listed; ++i)
    spec_.on_removal(status.removed(static_cast<int>(i)));
}

/// A name stays in the list until one of that name joins.
void Services::tell_silent_caches(const wire::Status& status) {
  const auto& known = membership_.status.silent_caches();
  for (const wire::Removal& one : status.silent_caches()) {
    const bool told = std::any_of(known.begin(), known.end(), [&](const wire::Removal& before) {
      return before.member() == one.member();
    });
    if (told) continue;
    server(one.member()).silent = true;
    spec_.on_silence(one);
  }
}

void Services::start_backend(Service& backend) {
  backend.started =
      site_.start({.label = spec_.label,
                   .name = backend.name,
                   .program = "ceiling-backend",
                   .arguments = {"--membership", membership_.address, "--data", backend.data},
                   .group = &*backend.group,
                   .uid = site_.service_uid(),
                   .rlimits = {as_granted(RLIMIT_NOFILE)},
                   .descriptors = {}},
                  [](const wire::Status&) {});  // membership says who has joined
}

void Services::start_cache(Service& cache) {
  const auto descriptors =
      spec_.cache_descriptors
          ? std::pair<int, rlim_t>(RLIMIT_NOFILE, static_cast<rlim_t>(*spec_.cache_descriptors))
          : as_granted(RLIMIT_NOFILE);
  cache.started = site_.start({.label = spec_.label,
                               .name = cache.name,
                               .program = "ceiling-cache",
                               .arguments = {"--membership", membership_.address},
                               .group = &*cache.group,
                               .uid = site_.service_uid(),
                               .rlimits = {descriptors},
                               .descriptors = {}},
                              [&cache](const wire::Status& status) { cache.status = status; });
}

/// As membership says it.
int Services::joined(const std::list<Service>& servers) const {
  const wire::Status& status = membership_.status;
  return static_cast<int>(&servers == &backends_ ? status.backends() : status.caches());
}

void Services::await(const std::list<Service>& servers) {
  const auto all_joined = [&] { return joined(servers) == std::ssize(servers); };
  const auto ended = [&] {
    return std::find_if(servers.begin(), servers.end(),
                        [](const Service& one) { return !one.ended.empty(); });
  };
  const bool in_time = site_.loop().run_until(
      [&] { return all_joined() || ended() != servers.end(); }, kStartPatience);
  const std::string what = &servers == &backends_ ? "backends" : "cache servers";
  if (const auto one = ended(); one != servers.end()) {
    throw HostError(fmt::format("{} ended before all had joined: {}", one->name, one->ended),
                    "read its log, in logs/ of the results folder");
  }
  if (!in_time) {
    throw Error(fmt::format("{} of {} {} joined; their logs are in logs/", joined(servers),
                            servers.size(), what));
  }
}

void Services::on_exit(const Exit& exit) {
  const auto note = [&exit](Service& service) {
    if (service.started && service.started->process.pid() == exit.pid) {
      service.ended = describe(exit);
    }
  };
  note(membership_);
  for (Service& backend : backends_) note(backend);
  for (Service& cache : caches_) note(cache);
}

Services::Service& Services::server(const std::string& name) {
  for (std::list<Service>* servers : {&backends_, &caches_}) {
    for (Service& one : *servers) {
      if (one.name == name) return one;
    }
  }
  throw Error("there is no " + name);
}

bool Services::await_count() {
  const auto counted = [this](const std::list<Service>& servers) {
    return joined(servers) == std::count_if(servers.begin(), servers.end(),
                                            [](const Service& one) { return one.there(); });
  };
  return site_.loop().run_until([&] { return counted(backends_) && counted(caches_); },
                                kStartPatience);
}

void Services::kill_server(const std::string& name) {
  Service& doomed = server(name);
  doomed.started->process.signal(SIGKILL);
  if (!site_.loop().run_until([&] { return !doomed.ended.empty(); }, kEndPatience)) {
    throw Error(name + " does not end");
  }
  if (!await_count()) throw Error("membership does not notice the end of " + name);
}

void Services::restart_server(const std::string& name) {
  // One that ended by itself a moment ago may be counted still.
  if (!await_count()) throw Error("membership does not notice the end of " + name);
  Service& restarted = server(name);
  restarted.status.Clear();
  restarted.data.empty() ? start_cache(restarted) : start_backend(restarted);
  restarted.ended.clear();
  restarted.silent = false;
  if (!await_count()) throw Error(name + " did not join; its log is in logs/");
}

bool Services::caches_at(std::uint64_t version) const {
  return std::all_of(caches_.begin(), caches_.end(), [version](const Service& one) {
    return !one.there() || one.status.members_version() == version;
  });
}

std::map<std::string, std::vector<std::int64_t>> Services::cache_use() const {
  std::map<std::string, std::vector<std::int64_t>> all;
  for (const Service& one : caches_) {
    const auto use = one.there() ? read_use(one.started->process.pid()) : std::nullopt;
    if (!use) continue;
    all["tasks"].push_back(use->tasks);
    all["descriptors"].push_back(use->descriptors);
  }
  return all;
}

std::vector<SampleEvent> Services::sample_caches() const {
  std::vector<SampleEvent> samples;
  for (const Service& one : caches_) {
    if (spec_.cache_tasks) samples.push_back(sample_pids(one.name, one.group->pids()));
    if (!spec_.cache_descriptors || !one.there()) continue;
    const pid_t pid = one.started->process.pid();
    const auto use = read_use(pid);
    if (!use) continue;
    auto sample = sample_process(one.name, to_string(LimitName::rlimit_nofile), "Max open files",
                                 pid, *use, use->descriptors);
    if (sample) samples.push_back(std::move(*sample));
  }
  return samples;
}

std::vector<std::string> Services::servers() const {
  std::vector<std::string> names;
  for (const Service& backend : backends_) names.push_back(backend.name);
  for (const Service& cache : caches_) names.push_back(cache.name);
  return names;
}

std::vector<std::string> Services::gone() const {
  std::vector<std::string> names;
  if (!membership_.ended.empty()) names.push_back(membership_.name);
  for (const std::list<Service>* servers : {&backends_, &caches_}) {
    for (const Service& one : *servers) {
      if (!one.there()) names.push_back(one.name);
    }
  }
  return names;
}

bool Services::is_silent(const std::string& name) const {
  return std::any_of(caches_.begin(), caches_.end(), [&name](const Service& one) {
    return one.name == name && one.ended.empty() && one.silent;
  });
}

}  // namespace ceiling
