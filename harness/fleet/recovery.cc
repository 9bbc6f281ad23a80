#include "harness/fleet/recovery.h"

#include <algorithm>
#include <csignal>

namespace ceiling {
namespace {

bool has_complete_map(const FrontendState& one) {
  return !one.gone && one.status && one.status->build().state() == wire::BUILD_COMPLETE;
}

std::vector<std::string> ended(const Fleet& fleet, bool removed) {
  std::vector<std::string> names;
  for (const FrontendState& one : fleet.frontends())
    if (one.gone && one.removed == removed) names.push_back(one.name);
  return names;
}

}  // namespace

Recovery::Recovery(Site& site, Fleet& fleet, Canaries& canaries, const RecoveryPlan& plan)
    : site_(site), fleet_(fleet), canaries_(canaries), plan_(plan), next_at_(Clock::now()) {
  for (const FrontendState& one : fleet_.frontends()) waiting_.push_back(one.name);
  if (plan_.strategy == RestartStrategy::all_at_once)
    plan_.rate = static_cast<int>(waiting_.size());
  known_ = fleet_.in_service();
}

bool Recovery::run() {
  const Clock::time_point deadline = Clock::now() + std::chrono::seconds(plan_.limit_s);
  while (Clock::now() < deadline) {
    restart_ended();
    if (due()) start_next();
    if (moved()) tell_canaries();
    if (all_complete()) {
      const bool all_found = canaries_.sweep(fleet_.size()).share == 1;
      if (all_found && all_complete() && Clock::now() < deadline) return true;
      continue;
    }
    const bool timed = plan_.strategy == RestartStrategy::batches && !waiting_.empty();
    const auto left = (timed ? std::min(deadline, next_at_) : deadline) - Clock::now();
    site_.loop().run_until(
        [this] {
          return moved() || due() || all_complete() || !ended(fleet_, true).empty() ||
                 !ended(fleet_, false).empty();
        },
        std::chrono::ceil<std::chrono::milliseconds>(std::max(left, Clock::duration::zero())));
  }
  return false;
}

bool Recovery::due() const {
  if (waiting_.empty()) return false;
  if (plan_.strategy == RestartStrategy::batches) return Clock::now() >= next_at_;
  const std::vector<FrontendState> frontends = fleet_.frontends();
  return std::all_of(frontends.begin(), frontends.end(), [this](const FrontendState& one) {
    const bool waited_for = std::find(latest_.begin(), latest_.end(), one.name) != latest_.end();
    return !waited_for || has_complete_map(one);
  });
}

void Recovery::start_next() {
  latest_.clear();
  while (!waiting_.empty() && static_cast<int>(latest_.size()) < plan_.rate) {
    latest_.push_back(waiting_.front());
    waiting_.pop_front();
  }
  next_at_ = Clock::now() + std::chrono::milliseconds(plan_.every_ms);
  restart(latest_, RestartEvent::kPlanned);
}

void Recovery::restart_ended() {
  for (const bool removed : {true, false}) {
    restart(ended(fleet_, removed), removed ? RestartEvent::kRemoved : RestartEvent::kExited);
  }
}

void Recovery::restart(const std::vector<std::string>& names, std::string_view why) {
  for (const std::string& name : names) {
    site_.recorder().record(RestartEvent{.frontend = name, .why = std::string(why)});
    ++restarts_;
  }
  for (const std::string& name : names) fleet_.remove_frontend(name, SIGKILL);
  for (const std::string& name : names) fleet_.add_frontend(member_number(name).value());
}

bool Recovery::moved() const {
  const std::vector<wire::Member> members = fleet_.in_service();
  return std::any_of(members.begin(), members.end(), [this](const wire::Member& now) {
    return std::none_of(known_.begin(), known_.end(), [&now](const wire::Member& known) {
      return known.name() == now.name() && known.http_address() == now.http_address();
    });
  });
}

void Recovery::tell_canaries() {
  for (const wire::Member& now : fleet_.in_service()) {
    std::erase_if(known_, [&now](const wire::Member& known) { return known.name() == now.name(); });
    known_.push_back(now);
  }
  canaries_.use(known_);
}

}  // namespace ceiling
