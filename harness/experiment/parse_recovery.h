#pragma once

#include <optional>
#include <vector>

#include "harness/experiment/clients.h"
#include "harness/experiment/reader.h"
#include "harness/experiment/recovery.h"

namespace ceiling {

/// The recovery of an arm whose fleet has up to `largest` frontends; nothing where it has none, or
/// an empty map: so one is taken away by an override.
std::optional<RecoveryPlan> read_recovery(const MapReader& arm, const Schema& schema, int largest,
                                          const std::vector<ClientPlan>& clients,
                                          Findings& findings);

}  // namespace ceiling
