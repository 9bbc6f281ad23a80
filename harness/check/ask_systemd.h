#pragma once

#include <string>

#include "harness/check/unit_state.h"

namespace ceiling {

/// What systemd says of the unit `name` (with its suffix) and of the slices that it is in, over the
/// system bus: org.freedesktop.systemd1(5). Reads only; any user may. Waits a few seconds for each
/// answer, not longer. A unit that is not there is an answer too: its `load_state` says so. Throws
/// HostError where systemd cannot be asked, NoSuchTarget for what it refuses as a name (a template
/// without an instance).
UnitState ask_systemd(const std::string& name);

}  // namespace ceiling
