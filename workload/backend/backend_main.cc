#include <CLI/CLI.hpp>
#include <chrono>
#include <cstdint>
#include <exception>
#include <stdexcept>

#include "workload/backend/backend_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

namespace {

void describe(CLI::App& app, ceiling::BackendOptions& options, std::uint32_t& retention_s) {
  app.description(
      "Owns shards for as long as membership grants them, and keeps their records on disk.\n"
      "Example: CEILING_TOKEN=secret ceiling-backend --name backend-1 --membership 127.0.0.1:4000 "
      "--data /var/tmp/backend-1");
  app.add_option("--name", options.name, "unique in the fleet; shards stay with the name");
  app.add_option("--membership", options.membership, "its address, 127.0.0.1:PORT")->required();
  app.add_option("--data", options.data, "folder of its records, its alone; made when missing")
      ->required();
  app.add_option("--listen", options.listen, "127.0.0.1:PORT; port 0: the kernel chooses");
  app.add_option("--status", options.status, "status endpoint: fd:N, @abstract-name or a path");
  app.add_option("--max-bytes", options.max_bytes, "of all records; a full store refuses puts")
      ->check(CLI::PositiveNumber);
  app.add_option("--retention-s", retention_s, "older records are dropped; 86400: one day")
      ->check(CLI::PositiveNumber);
}

void require_loopback(const char* option, const std::string& address) {
  if (!ceiling::wire::endpoint_of(address).address().is_loopback()) {
    throw std::invalid_argument(option + (" " + address) + ": only loopback addresses");
  }
}

}  // namespace

int main(int argc, char** argv) {
  ceiling::BackendOptions options;
  std::uint32_t retention_s = 86'400;
  CLI::App app;
  describe(app, options, retention_s);
  try {
    app.parse(argc, argv);
    require_loopback("--listen", options.listen);
    require_loopback("--membership", options.membership);
    options.retention = std::chrono::seconds(retention_s);
    options.token = ceiling::wire::token_from_environment();
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ceiling::wire::kUsage;
  } catch (const std::exception& error) {
    ceiling::wire::log_line(options.name, error.what());
    return ceiling::wire::kUsage;
  }
  return ceiling::wire::run_program(options.name, [&] {
    return ceiling::wire::serve_until_signal<ceiling::BackendServer>(options);
  });
}
