#include "harness/experiment/guardrails.h"

#include <algorithm>

namespace ceiling {

const std::vector<GuardrailFact>& all_guardrails() {
  static const std::vector<GuardrailFact> facts = {
      {Guardrail::staged_build, "staged-build",
       "A shard-map is built aside and published whole; after a refusal the last good one goes on "
       "serving. The ceiling stays where it is."},
      {Guardrail::authoritative_bootstrap, "authoritative-bootstrap",
       "A frontend that starts takes its first shard-map from membership and the backends, and "
       "routes before a peer has said anything. The ceiling stays where it is."},
      {Guardrail::admission, "admission",
       "Every frontend reads the room under its limits and tells membership, which keeps a new "
       "frontend out that would not fit. The fleet stays one below its ceiling. With multiplex "
       "that is a matter of its descriptors. With cells, a new "
       "frontend goes past a cell that is full, and is kept out when all are."},
      {Guardrail::alarm, "alarm",
       "A frontend raises an alarm when fleet.alarm_percent of the limit that binds it is used, "
       "while two more frontends fit, with cells two more in its own. The ceiling stays where it "
       "is."},
      {Guardrail::multiplex, "multiplex",
       "A frontend has fleet.thread_budget threads for its peers and serves all others on its "
       "event "
       "loop. Within the budget no limit on threads is met; what binds next is what a connection "
       "takes."},
      {Guardrail::cells, "cells",
       "The fleet is parted into fleet.cells cells, and a frontend has peers in its own only. The "
       "ceiling is that of a cell, and whoever meets it leaves the other cells whole."},
      {Guardrail::cache_fleet, "cache-fleet",
       "Every shard-map is built by fleet.cache_servers servers and handed to the frontends, which "
       "have no peers. No limit on threads is met; what binds next is a cache server's "
       "descriptors, one a frontend."},
  };
  return facts;
}

std::string_view to_string(Guardrail guardrail) {
  const auto& facts = all_guardrails();
  return std::find_if(
             facts.begin(), facts.end(),
             [guardrail](const GuardrailFact& fact) { return fact.guardrail == guardrail; })
      ->name;
}

std::vector<std::string_view> names_of(const std::vector<Guardrail>& guardrails) {
  std::vector<std::string_view> names;
  for (const Guardrail guardrail : guardrails) names.push_back(to_string(guardrail));
  return names;
}

std::optional<Guardrail> guardrail_from(std::string_view name) {
  for (const GuardrailFact& fact : all_guardrails()) {
    if (fact.name == name) return fact.guardrail;
  }
  return std::nullopt;
}

}  // namespace ceiling
