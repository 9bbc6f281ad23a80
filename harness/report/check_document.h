#pragma once

#include <nlohmann/json.hpp>

#include "harness/check/answer.h"

namespace ceiling {

/// Inside report/: `ceiling.check/1` as a value, on its own or within a policy's document.
nlohmann::ordered_json check_document(const Answer& answer);

}  // namespace ceiling
