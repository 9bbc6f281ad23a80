#include "harness/report/words.h"

#include <fmt/ranges.h>

namespace ceiling::words {
namespace {

std::string memory_line(const MemoryCost& cost) {
  return fmt::format(
      "an estimate: {} to {} bytes kept at {} frontends and {} to {} a peer count against "
      "memory.max",
      cost.least_kept, cost.most_kept, cost.fleet_size, cost.least_per_peer, cost.most_per_peer);
}

std::string met(const Ceiling& ceiling) {
  return fmt::format("at {} frontends, by {} {}{}", ceiling.fleet_size, to_string(ceiling.limit),
                     ceiling.value, ceiling.of_cache ? " of the cache servers" : "");
}

}  // namespace

std::string guardrails(const ArmPlan& arm) {
  return arm.guardrails.empty() ? "no guardrails"
                                : fmt::format("{}", fmt::join(names_of(arm.guardrails), ", "));
}

std::string cost(const CostModel& model) {
  const bool budgeted = model.threaded_peers != ResourceCost::kAnyNumber;
  const std::string shape =
      (budgeted ? fmt::format(", for {} peers at most", model.threaded_peers) : "") +
      (model.cells > 1 ? fmt::format(", in {} cells", model.cells) : "");
  const std::string where =
      model.measured_at.empty()
          ? ""
          : fmt::format(" at {} frontends", fmt::join(model.measured_at, " and "));
  if (model.cache_servers > 0) {
    return fmt::format(
        "a frontend is {} tasks, whatever the fleet: its maps are of {} cache servers, "
        "{}{}",
        model.base, model.cache_servers, model.source, where);
  }
  return fmt::format("a frontend is {} tasks and {} a peer{}, {}{}", model.base, model.per_peer,
                     shape, model.source, where);
}

std::vector<std::string> resource_lines(const CostModel& model, const LimitPlan& limits) {
  std::vector<std::string> lines;
  for (const LimitName name : all_limits()) {
    const auto resource = counted_by(name);
    if (!resource || !limits.sets(name) || !model.resources.contains(*resource)) continue;
    const ResourceCost& found = model.resources.at(*resource);
    const std::string base = found.least_base == found.most_base
                                 ? std::to_string(found.most_base)
                                 : fmt::format("{} to {}", found.least_base, found.most_base);
    if (model.cache_servers > 0) {
      lines.push_back(fmt::format("{} {} of a frontend count against {}", base,
                                  to_string(*resource), to_string(name)));
      if (name == LimitName::rlimit_nofile && model.cache)
        lines.push_back(
            fmt::format("{} descriptors and {} a frontend of a cache server count against {}",
                        model.cache->base, model.cache->per_frontend, to_string(name)));
      continue;
    }
    lines.push_back(fmt::format("{} {} and {} a peer count against {}", base, to_string(*resource),
                                found.per_peer, to_string(name)));
  }
  if (limits.sets(LimitName::memory_max) && model.memory)
    lines.push_back(memory_line(*model.memory));
  return lines;
}

std::string scope(LimitScope scope) {
  switch (scope) {
    case LimitScope::frontend:
      return "of each frontend";
    case LimitScope::fleet:
      return "of the whole fleet";
    case LimitScope::pid_namespace:
      return "of the pid namespace";
    case LimitScope::host:
      break;
  }
  return "of the whole host";
}

std::string_view taken_under(std::string_view limit) {
  return limit == to_string(LimitName::rlimit_nofile) ? "connections" : "threads";
}

std::string unit(const Prediction& predicted) {
  return predicted.limit == LimitName::pid_max ? "numbers" : "tasks";
}

std::string fleet_size(const Prediction& predicted) {
  const std::string first = or_dash(predicted.fleet_size);
  if (!predicted.fleet_size_most || predicted.fleet_size_most == predicted.fleet_size) return first;
  return fmt::format("{} to {}", first, *predicted.fleet_size_most);
}

std::vector<std::string> ceilings(const ArmPlan& arm, const Prediction& predicted) {
  if (!arm.has(Guardrail::multiplex) && !arm.has(Guardrail::cells) &&
      !arm.has(Guardrail::cache_fleet)) {
    return {};
  }
  std::vector<std::string> lines;
  if (predicted.without)
    lines.push_back("without the guardrails a frontend fails " + met(*predicted.without));
  if (predicted.fleet_size) return lines;
  lines.push_back(predicted.beyond ? "what binds next: " + met(*predicted.beyond)
                                   : fmt::format("no limit that is set binds up to {} frontends",
                                                 kLargestFleet));
  return lines;
}

}  // namespace ceiling::words
