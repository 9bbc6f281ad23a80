// A backend that acknowledges every record and keeps it for 300 ms only: canaries, which read
// back at once, notice nothing. All else is ceiling-backend.
#include <CLI/CLI.hpp>
#include <chrono>

#include "workload/backend/backend_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

int main(int argc, char** argv) {
  ceiling::BackendOptions options;
  CLI::App app;
  app.add_option("--name", options.name)->required();
  app.add_option("--membership", options.membership)->required();
  app.add_option("--status", options.status)->required();
  app.add_option("--data", options.data)->required();
  CLI11_PARSE(app, argc, argv);
  options.token = ceiling::wire::token_from_environment();
  options.retention = std::chrono::milliseconds(300);
  return ceiling::wire::run_program(options.name, [&] {
    return ceiling::wire::serve_until_signal<ceiling::BackendServer>(options);
  });
}
