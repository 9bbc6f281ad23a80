#pragma once

#include <string>
#include <string_view>

#include "cgroups/limits/limit.h"

namespace ceiling {

/// Inside report/: `text` as valid UTF-8, U+FFFD for every byte that is none. Names of groups are
/// any bytes; documents are not.
std::string utf8(std::string_view text);

/// Inside report/: the scope of a row as it is the same at the next call: "process" for a limit of
/// one process, whose number is not.
std::string steady_scope(const Limit& limit);

}  // namespace ceiling
