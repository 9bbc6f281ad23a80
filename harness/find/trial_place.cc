#include "harness/find/trial_place.h"

#include <fmt/format.h>
#include <unistd.h>

namespace ceiling {
namespace {

Identity own_identity(const TrialSubject& subject, const SearchedLimit& limit,
                      const TrialSite& site, int number) {
  if (!limit.counts_a_user()) return subject.user;
  const std::size_t turn = static_cast<std::size_t>(number) % site.uids.size();
  return {.uid = site.uids[turn], .gid = std::nullopt, .groups = {}};
}

gid_t gid_of(const Identity& identity) {
  return identity.gid.value_or(identity.uid.value_or(::getgid()));
}

}  // namespace

TrialPlace::TrialPlace(const TrialSubject& subject, const SearchedLimit& limit,
                       const TrialSite& site, int number)
    : subject_(subject),
      limit_(limit),
      site_(site),
      identity_(own_identity(subject, limit, site, number)),
      data_(site.data, number, identity_.uid.value_or(::getuid()), gid_of(identity_)),
      group_(site.group.child(fmt::format("trial-{}", number))),
      beside_(site.group.child(fmt::format("beside-{}", number))) {}

void TrialPlace::set_limit(std::optional<std::int64_t> value) {
  const bool tasks = value && limit_.kind == SearchedLimit::Kind::pids_max;
  group_.set_pids_max(tasks ? *value : site_.most_tasks);
  if (!value) return;
  if (limit_.kind == SearchedLimit::Kind::memory_max) group_.set_memory_max(*value);
  if (limit_.kind != SearchedLimit::Kind::host_setting) return;
  for (const HostSetting& setting : site_.host_settings) {
    if (setting.name == limit_.name) on_host_.emplace(setting, *value);
  }
}

ProcessSpec TrialPlace::spec_for(const Identity& who) const {
  ProcessSpec spec;
  spec.environment = subject_.environment;
  spec.environment["CEILING_DATA"] = data_.path().string();
  spec.uid = who.uid;
  spec.confined = false;
  spec.surroundings = Surroundings{
      .folder = subject_.folder, .umask = subject_.umask, .gid = who.gid, .groups = who.groups};
  return spec;
}

ProcessSpec TrialPlace::command(std::optional<std::int64_t> value, int output) const {
  ProcessSpec spec = spec_for(identity_);
  spec.program = subject_.command.front();
  spec.name = spec.program.filename();
  spec.arguments.assign(subject_.command.begin() + 1, subject_.command.end());
  spec.join = group_.join_descriptors();
  spec.descriptors = {{STDOUT_FILENO, output}, {STDERR_FILENO, output}};
  if (value && limit_.kind == SearchedLimit::Kind::rlimit) {
    spec.rlimits = {{limit_.resource, static_cast<rlim_t>(*value)}};
  }
  return spec;
}

void TrialPlace::restore_host() {
  if (on_host_) on_host_->restore();
}

void TrialPlace::end(std::chrono::milliseconds patience) {
  group_.destroy(patience);
  beside_.destroy(patience);
}

}  // namespace ceiling
