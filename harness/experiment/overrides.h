#pragma once

#include <string>
#include <vector>

#include "harness/experiment/tree.h"

namespace ceiling {

/// Lays `key=value` overrides over `root`, in order, by the keys of experiment_schema(). A map that
/// is missing on the way is made; an arm, stream or client must be there. Whatever cannot be laid
/// is returned as a finding and leaves `root` as it was.
std::vector<Finding> apply_overrides(Node& root, const std::vector<std::string>& overrides);

}  // namespace ceiling
