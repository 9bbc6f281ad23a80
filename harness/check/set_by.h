#pragma once

#include <filesystem>

#include "cgroups/headroom.h"
#include "harness/check/answer.h"
#include "harness/configs/unit_search.h"

namespace ceiling {

/// Finds where the values of `found` were set, by the configuration below `root`, and fills in
/// `subject`'s settings, unit and user. Unlimited rows have none. `files` are those of the unit
/// that was asked for, as systemd names them; of other units they are searched for.
///
/// A group: the unit file of systemd that it belongs to, else its own control file. A sysctl: its
/// line. An rlimit: the unit's directive, the line of limits.conf, else the farthest ancestor
/// process from which on all have the same value. What could not be read says nothing.
void find_settings(const std::filesystem::path& root, const Headroom& found, const UnitFiles& files,
                   Subject& subject);

}  // namespace ceiling
