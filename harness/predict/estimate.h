#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "harness/predict/predict.h"

namespace ceiling {

/// Bytes that are needed of what a limit counts, by fleet size; rising.
using Need = std::function<std::int64_t(int)>;

/// Where a fleet meets `limit` of which `room` bytes are there, when it needs between `least` and
/// `most`: from `fleet_size` on a frontend may, and at `fleet_size_most` one must be without
/// memory. A doubt where the fleet ends within the range.
Prediction estimate(const ArmPlan& arm, LimitName limit, std::int64_t room, const Need& least,
                    const Need& most);

/// A finding where what the starting fleet needs at least, `need`, is more than `room`. `who`
/// needs it: "a frontend of".
std::optional<Finding> estimate_finding(const ArmPlan& arm, LimitName limit, std::int64_t room,
                                        std::int64_t need, const std::string& who);

}  // namespace ceiling
