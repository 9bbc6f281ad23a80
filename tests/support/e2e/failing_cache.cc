// A cache server that sends itself SIGNAL when it hands out the map of version 5, if its name
// begins with VICTIM. All else is ceiling-cache.
#include <CLI/CLI.hpp>
#include <csignal>

#include "workload/frontend/cache/cache_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

int main(int argc, char** argv) {
  ceiling::frontend::CacheOptions options;
  CLI::App app;
  app.add_option("--name", options.name)->required();
  app.add_option("--membership", options.membership)->required();
  app.add_option("--status", options.status)->required();
  CLI11_PARSE(app, argc, argv);
  options.token = ceiling::wire::token_from_environment();
  const bool victim = options.name.starts_with(VICTIM);
  options.hand_out = [victim](const std::string&, ceiling::wire::Slice map) {
    if (victim && map.version() == 5) std::raise(SIGNAL);
    return map;
  };
  return ceiling::wire::serve_until_signal<ceiling::frontend::CacheServer>(options);
}
