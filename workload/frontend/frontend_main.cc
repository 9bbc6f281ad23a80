#include <malloc.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <exception>
#include <string>
#include <vector>

#include "workload/frontend/frontend.h"
#include "workload/protocol/process.h"

int main(int argc, char** argv) {
  // A thread's first malloc would otherwise add an arena: 64 MiB of address space and two mappings
  // each.
  ::mallopt(M_ARENA_MAX, 1);

  ceiling::frontend::Options options;
  std::vector<std::string> guardrails;
  CLI::App app("A frontend of the fleet: one thread per peer, a shard-map, an HTTP endpoint.");
  app.add_option("--name", options.name, "unique in the fleet")->required();
  app.add_option("--membership", options.membership, "address of ceiling-membership")->required();
  app.add_option("--status", options.status, "fd:N, @name (abstract) or a path")->required();
  app.add_option("--guardrail", guardrails, "may be repeated")
      ->check(CLI::IsMember({"staged-build"}));
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 64;
  }
  int status = 1;
  try {
    options.token = ceiling::wire::token_from_environment();
    options.staged_build = !guardrails.empty();
    ceiling::frontend::Frontend frontend(std::move(options));
    status = frontend.run();
  } catch (const std::exception& error) {
    ceiling::wire::log_line("ceiling-frontend", error.what());
  }
  // Peer threads may be blocked in connect; nothing of theirs is worth waiting for.
  ::_exit(status);
}
