#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace ceiling {

/// A cure that an arm switches on. What the workload's programs call it (--guardrail) is its name.
enum class Guardrail {
  staged_build,
  authoritative_bootstrap,
  admission,
  alarm,
  multiplex,
  cells,
  cache_fleet
};

struct GuardrailFact {
  Guardrail guardrail;
  std::string_view name;  ///< "staged-build"
  std::string_view
      description;  ///< what it does, and what it does to the ceiling; one sentence each
};

/// All there are, in the order in which people read them.
const std::vector<GuardrailFact>& all_guardrails();

std::string_view to_string(Guardrail guardrail);
/// Of several, in their order.
std::vector<std::string_view> names_of(const std::vector<Guardrail>& guardrails);
std::optional<Guardrail> guardrail_from(std::string_view name);

}  // namespace ceiling
