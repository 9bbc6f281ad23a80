#pragma once

#include <map>
#include <string>
#include <vector>

#include "harness/verify/arm_log.h"
#include "harness/verify/verify.h"

namespace ceiling {

/// What the clients of the user's recorded, one count each, by name. Pure, linear in the events.
std::vector<ClientCount> count_clients(const ArmLog& log);

/// By client, what of it could not be taken in, or is not in the history: a line each.
std::map<std::string, std::vector<std::string>> client_damage(const ArmLog& log);

}  // namespace ceiling
