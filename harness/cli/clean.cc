#include <fmt/format.h>
#include <unistd.h>

#include <memory>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/verb.h"
#include "harness/keeper/keeper.h"

namespace ceiling {
namespace {

int clean(bool dry_run) {
  if (::geteuid() != 0) {
    throw HostError("ending processes and removing control groups needs root",
                    "sudo ceiling clean");
  }
  const Registry registry;
  const std::vector<RegistryEntry> entries = registry.entries();
  int dead = 0;
  for (const RegistryEntry& entry : entries) {
    if (entry.alive()) {
      fmt::print("run {}: alive, left alone\n", entry.run_id);
      continue;
    }
    ++dead;
    for (const std::string& line : clean_up(registry, entry, dry_run)) {
      fmt::print("run {}: {}\n", entry.run_id, line);
    }
  }
  for (const auto& folder : stray_groups(Hierarchy::detect(), entries)) {
    fmt::print("{}: carries our tag, but no run is on record for it: left alone\n",
               folder.string());
  }
  for (const auto& folder : stray_data(entries)) {
    fmt::print("{}: records of a run that is not on record any more: left alone; rm -r {}\n",
               folder.string(), folder.string());
  }
  if (dead == 0) fmt::print("no dead run is on record\n");
  return kHolds;
}

}  // namespace

Verb add_clean(CLI::App& app) {
  const auto dry_run = std::make_shared<bool>(false);
  app.add_flag("--dry-run", *dry_run, "print what would be ended and removed, and do nothing");
  app.footer("Example: sudo ceiling clean --dry-run");
  return [dry_run] { return clean(*dry_run); };
}

}  // namespace ceiling
