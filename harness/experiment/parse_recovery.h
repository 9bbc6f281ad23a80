#pragma once

#include <optional>

#include "harness/experiment/reader.h"
#include "harness/experiment/recovery.h"

namespace ceiling {

/// The recovery of an arm whose fleet has up to `largest` frontends; nothing where it has none.
std::optional<RecoveryPlan> read_recovery(const MapReader& arm, const Schema& schema, int largest,
                                          Findings& findings);

}  // namespace ceiling
