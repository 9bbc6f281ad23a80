#include <CLI/CLI.hpp>
#include <exception>
#include <string>

#include "workload/frontend/cache/cache_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

int main(int argc, char** argv) {
  ceiling::frontend::CacheOptions options;
  CLI::App app(
      "A cache server: builds every shard-map from membership and the backends, and hands it to "
      "the "
      "frontends that run with --guardrail cache-fleet.");
  app.add_option("--name", options.name, "unique in the fleet")->required();
  app.add_option("--membership", options.membership, "address of ceiling-membership")->required();
  app.add_option("--status", options.status, "fd:N, @name (abstract) or a path")->required();
  try {
    app.parse(argc, argv);
    options.token = ceiling::wire::token_from_environment();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ceiling::wire::kUsage;
  } catch (const std::exception& error) {
    ceiling::wire::log_line(options.name, error.what());
    return ceiling::wire::kUsage;
  }
  return ceiling::wire::run_program(options.name, [&] {
    return ceiling::wire::serve_until_signal<ceiling::frontend::CacheServer>(options);
  });
}
