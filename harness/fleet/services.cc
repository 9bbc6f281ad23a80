#include "harness/fleet/services.h"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <csignal>

#include "cgroups/error.h"

namespace ceiling {
namespace {

constexpr auto kStartPatience = std::chrono::seconds(20);
constexpr auto kEndPatience = std::chrono::seconds(5);

}  // namespace

Services::Services(Site& site, Cgroup& fleet, ServicesSpec spec)
    : site_(site),
      spec_(std::move(spec)),
      group_(fleet.child("services")),
      backend_groups_(fleet.child("backends")) {}

void Services::start() {
  start_membership();
  for (int i = 1; i <= spec_.backends; ++i) {
    Service& backend = backends_.emplace_back(Service{.name = fmt::format("backend-{}", i)});
    backend.group = backend_groups_.child(backend.name);
    backend.data = site_.make_data_folder(spec_.label, backend.name);
    start_backend(backend);
  }
  await_backends();
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

void Services::await_backends() {
  const auto all_joined = [this] {
    return static_cast<int>(membership_.status.backends()) == spec_.backends;
  };
  const auto ended = [this] {
    return std::find_if(backends_.begin(), backends_.end(),
                        [](const Service& backend) { return !backend.ended.empty(); });
  };
  const bool in_time = site_.loop().run_until(
      [&] { return all_joined() || ended() != backends_.end(); }, kStartPatience);
  if (const auto backend = ended(); backend != backends_.end()) {
    throw HostError(
        fmt::format("{} ended before all had joined: {}", backend->name, backend->ended),
        "read its log, in logs/ of the results folder");
  }
  if (!in_time) {
    throw Error(fmt::format("{} of {} backends joined; their logs are in logs/",
                            membership_.status.backends(), spec_.backends));
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
}

Services::Service& Services::backend(const std::string& name) {
  const auto found = std::find_if(backends_.begin(), backends_.end(),
                                  [&name](const Service& one) { return one.name == name; });
  if (found == backends_.end()) throw Error("there is no " + name);
  return *found;
}

bool Services::await_count() {
  const auto living = [this] {
    return std::count_if(backends_.begin(), backends_.end(),
                         [](const Service& one) { return one.ended.empty(); });
  };
  return site_.loop().run_until([&] { return membership_.status.backends() == living(); },
                                kStartPatience);
}

void Services::kill_backend(const std::string& name) {
  Service& doomed = backend(name);
  doomed.started->process.signal(SIGKILL);
  if (!site_.loop().run_until([&] { return !doomed.ended.empty(); }, kEndPatience)) {
    throw Error(name + " does not end");
  }
  if (!await_count()) throw Error("membership does not notice the end of " + name);
}

void Services::restart_backend(const std::string& name) {
  // One that ended by itself a moment ago may be counted still.
  if (!await_count()) throw Error("membership does not notice the end of " + name);
  Service& restarted = backend(name);
  start_backend(restarted);
  restarted.ended.clear();
  if (!await_count()) throw Error(name + " did not join; its log is in logs/");
}

std::vector<std::string> Services::backends() const {
  std::vector<std::string> names;
  for (const Service& backend : backends_) names.push_back(backend.name);
  return names;
}

std::vector<std::string> Services::gone() const {
  std::vector<std::string> names;
  if (!membership_.ended.empty()) names.push_back(membership_.name);
  for (const Service& backend : backends_) {
    if (!backend.ended.empty()) names.push_back(backend.name);
  }
  return names;
}

}  // namespace ceiling
