// A frontend that says of itself, when the kernel refuses it a thread, that it has one task less
// than it has. All else is ceiling-frontend.
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <string>
#include <vector>

#include "workload/frontend/address_space.h"
#include "workload/frontend/frontend.h"
#include "workload/protocol/process.h"

int main(int argc, char** argv) {
  ceiling::frontend::fix_address_space();
  ceiling::frontend::Options options;
  std::vector<std::string> guardrails;
  CLI::App app;
  app.add_option("--name", options.name)->required();
  app.add_option("--membership", options.membership)->required();
  app.add_option("--status", options.status)->required();
  app.add_flag("--probe", options.probe);
  app.add_option("--guardrail", guardrails);
  CLI11_PARSE(app, argc, argv);
  options.token = ceiling::wire::token_from_environment();
  options.staged_build = !guardrails.empty();
  options.count_tasks = [] { return ceiling::wire::own_tasks() - 1; };
  ceiling::frontend::Frontend frontend(std::move(options));
  ::_exit(frontend.run());
}
