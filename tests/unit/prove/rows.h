#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "harness/prove/measurement.h"

namespace ceiling {

/// A row of `name` over `scope` ("/leaf" for a group), exact, with `left` of 50.
Limit row_with(const std::string& name, std::int64_t left, const std::string& scope = "");

/// Ten threads were predicted and made, the eleventh was refused by the pids.max of "/top/leaf",
/// where this kernel counts it.
Measurement refused_by_pids();

/// Ten were made, and RLIMIT_AS refused the eleventh.
Measurement refused_by_address_space();

}  // namespace ceiling
