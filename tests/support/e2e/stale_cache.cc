// A cache server that hands frontend-2 a map of an epoch before as that of version 2. All else is
// ceiling-cache.
#include <CLI/CLI.hpp>

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
  options.hand_out = [](const std::string& frontend, ceiling::wire::Slice map) {
    if (frontend != "frontend-2" || map.version() != 2) return map;
    for (auto& route : *map.mutable_routes()) route.set_epoch(route.epoch() - 1);
    return map;
  };
  return ceiling::wire::serve_until_signal<ceiling::frontend::CacheServer>(options);
}
