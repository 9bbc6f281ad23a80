#pragma once

#include <string>
#include <vector>

#include "harness/experiment/clients.h"
#include "harness/experiment/experiment.h"
#include "harness/experiment/reader.h"

namespace ceiling {

/// One client: its kind, and exactly the keys of that kind.
ClientPlan read_client(const MapReader& map);

/// Refuses a login at what is no client of the file, or takes none.
void refuse_unknown_logins(const MapReader& top, const std::vector<ClientPlan>& clients);

/// What an arm expects of `clients`.
ExpectedDependents read_expected_dependents(const MapReader& arm, const Schema& schema,
                                            const std::vector<ClientPlan>& clients,
                                            Findings& findings);

/// The kinds of `clients` that a recovery is to bring back.
std::vector<std::string> read_expect_back(const MapReader& recovery,
                                          const std::vector<ClientPlan>& clients);

/// What dependents have in use of a limit of the whole host is not measured.
void refuse_dependents_beside_host_limits(const Experiment& experiment, Findings& findings);

}  // namespace ceiling
