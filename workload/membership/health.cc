#include "workload/membership/health.h"

namespace ceiling {

void HealthCheck::gone(std::string_view member) {
  const auto found = asked_.find(member);
  if (found != asked_.end()) asked_.erase(found);
}

void HealthCheck::answered(std::string_view member, std::uint64_t id) {
  const auto found = asked_.find(member);
  if (found == asked_.end() || !found->second || found->second->id != id) return;
  found->second.reset();
}

HealthCheck::Look HealthCheck::look(Time now) {
  Look look;
  const bool late = last_look_ && now - *last_look_ > period() + timeout_ / 2;
  last_look_ = now;
  for (auto one = asked_.begin(); one != asked_.end();) {
    auto& [member, asked] = *one;
    if (!asked) {
      asked = Asked{++questions_, now};
      look.ask.push_back({member, asked->id});
    } else if (late) {
      asked->at = now;
    } else if (now - asked->at >= timeout_) {
      look.silent.push_back(
          {member, std::chrono::duration_cast<std::chrono::milliseconds>(now - asked->at)});
      one = asked_.erase(one);
      continue;
    }
    ++one;
  }
  return look;
}

}  // namespace ceiling
