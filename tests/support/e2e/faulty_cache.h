#pragma once

#include <CLI/CLI.hpp>
#include <functional>
#include <string>
#include <utility>

#include "workload/frontend/cache/cache_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

namespace ceiling {

/// ceiling-cache, but for what `hand_out` makes of the map for a frontend; it is told the name of
/// the cache server first.
inline int run_faulty_cache(int argc, char** argv,
                            const std::function<wire::Slice(const std::string&, const std::string&,
                                                            wire::Slice)>& hand_out) {
  frontend::CacheOptions options;
  CLI::App app;
  app.add_option("--name", options.name)->required();
  app.add_option("--membership", options.membership)->required();
  app.add_option("--status", options.status)->required();
  CLI11_PARSE(app, argc, argv);
  options.token = wire::token_from_environment();
  options.hand_out = [hand_out, name = options.name](const std::string& to, wire::Slice map) {
    return hand_out(name, to, std::move(map));
  };
  return wire::serve_until_signal<frontend::CacheServer>(options);
}

}  // namespace ceiling
