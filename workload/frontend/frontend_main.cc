#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <exception>
#include <stdexcept>
#include <string>
#include <vector>

#include "workload/frontend/address_space.h"
#include "workload/frontend/frontend.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/process.h"

namespace {

/// Throws std::invalid_argument.
std::uint16_t loopback_port(const std::string& listen) {
  const auto endpoint = ceiling::wire::endpoint_of(listen);
  if (endpoint.address() == boost::asio::ip::address_v4::loopback()) return endpoint.port();
  throw std::invalid_argument("--listen " + listen + ": only 127.0.0.1:PORT");
}

}  // namespace

int main(int argc, char** argv) {
  ceiling::frontend::fix_address_space();
  ceiling::frontend::Options options;
  std::vector<std::string> guardrails;
  CLI::App app("A frontend of the fleet: one thread per peer, a shard-map, an HTTP endpoint.");
  app.add_option("--name", options.name, "unique in the fleet")->required();
  app.add_option("--membership", options.membership, "address of ceiling-membership")->required();
  app.add_option("--status", options.status, "fd:N, @name (abstract) or a path")->required();
  std::string listen = "127.0.0.1:0";
  app.add_option("--listen", listen, "127.0.0.1:PORT for clients; port 0: the kernel chooses");
  app.add_flag("--probe", options.probe,
               "after a refused thread, ask the kernel for one more task and report what it says");
  bool lock_memory = false;
  app.add_flag(
      "--lock-memory", lock_memory,
      "lock what is mapped from the start on, stacks too, so that RLIMIT_MEMLOCK counts it");
  app.add_option("--guardrail", guardrails, "may be repeated")
      ->check(CLI::IsMember({"staged-build", "authoritative-bootstrap", "admission", "alarm",
                             "multiplex", "cache-fleet"}));
  int alarm_percent = 75;
  app.add_option("--alarm-percent", alarm_percent,
                 "of the limit that binds: so much used raises the alarm (75)")
      ->check(CLI::Range(1, 100));
  std::uint32_t thread_budget = 0;
  app.add_option(
      "--thread-budget", thread_budget,
      "multiplex: threads for peers, at most; those beyond are served by the event loop (0)");
  try {
    app.parse(argc, argv);
    options.http_port = loopback_port(listen);
    options.token = ceiling::wire::token_from_environment();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ceiling::wire::kUsage;
  } catch (const std::exception& error) {
    ceiling::wire::log_line(options.name, error.what());
    return ceiling::wire::kUsage;
  }
  const auto has = [&guardrails](const char* name) {
    return std::find(guardrails.begin(), guardrails.end(), name) != guardrails.end();
  };
  options.staged_build = has("staged-build");
  options.authoritative_bootstrap = has("authoritative-bootstrap");
  options.admission = has("admission");
  options.cache_fleet = has("cache-fleet");
  if (has("multiplex")) options.thread_budget = thread_budget;
  options.alarm_percent = has("alarm") ? alarm_percent : 0;
  return ceiling::wire::run_program(options.name, [&]() -> int {
    if (lock_memory) ceiling::frontend::lock_future_mappings();
    ceiling::frontend::Frontend frontend(options);
    // Peer threads may be blocked in connect(2); nothing of theirs is worth waiting for.
    ::_exit(frontend.run());
  });
}
