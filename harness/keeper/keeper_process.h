#pragma once

#include "cgroups/descriptor.h"
#include "harness/keeper/registry.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// The keeper process's main, after fork in a single-threaded harness; never returns. Messages on
/// `control`, JSON objects: first {"uids": [...], "previous": [...] (of the host settings),
/// "keeper", "keeper_started"} or {"refused": what, "remedy": what to type or ""} from the keeper;
/// {"patience_ms"} from the harness, when it has finished; then {"left": what, or "", "left_alone":
/// [...]} from the keeper.
[[noreturn]] void keep(const Registry& registry, RegistryEntry entry, int uid_count,
                       Descriptor control, LauncherChannel launcher);

}  // namespace ceiling
