#pragma once

#include <filesystem>
#include <string>
#include <vector>

namespace ceiling {

/// Makes the one group that `folder` names; its parent is there. `controllers` are those that the
/// group is wanted for. Throws Error, also where the group is there already.
void make_group(const std::filesystem::path& folder, const std::vector<std::string>& controllers);

}  // namespace ceiling
