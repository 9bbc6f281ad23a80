#include <CLI/CLI.hpp>
#include <algorithm>
#include <chrono>
#include <exception>
#include <set>
#include <stdexcept>
#include <string>
#include <vector>

#include "workload/membership/checks.h"
#include "workload/membership/membership_server.h"
#include "workload/protocol/process.h"
#include "workload/protocol/serve.h"

namespace {

void describe(CLI::App& app, ceiling::MembershipOptions& options,
              std::vector<std::string>& streams) {
  app.description(
      "Vends who is in the fleet, the stored configuration, and the leases of the backends.\n"
      "Example: CEILING_TOKEN=secret ceiling-membership --listen 127.0.0.1:4000 "
      "--stream orders:32 --backends 2 --bootstrap-expect 4");
  app.add_option("--name", options.name, "for log lines and status");
  app.add_option("--listen", options.listen, "127.0.0.1:PORT; port 0: the kernel chooses");
  app.add_option("--status", options.status, "status endpoint: fd:N, @abstract-name or a path");
  app.add_option("--stream", streams, "NAME:SHARDS; once a stream")
      ->required()
      ->type_size(1)
      ->expected(1, -1);
  app.add_option("--account", options.accounts,
                 "12 digits; a further one that may sign requests, once an account");
  options.limits.set_bytes_in(1 << 20);
  options.limits.set_records_in(1000);
  options.limits.set_bytes_out(2 << 20);
  options.limits.set_reads_out(5);
  app.add_option_function<std::vector<std::uint32_t>>(
         "--shard-limits",
         [&options](const std::vector<std::uint32_t>& per_s) {
           options.limits.set_bytes_in(per_s[0]);
           options.limits.set_records_in(per_s[1]);
           options.limits.set_bytes_out(per_s[2]);
           options.limits.set_reads_out(per_s[3]);
         },
         "of streams that clients make, a second: bytes in, records in, bytes out, reads; 0: none "
         "(1048576 1000 2097152 5)")
      ->expected(4);
  app.add_option("--threads-per-peer", options.threads_per_peer)->check(CLI::Range(1, 1000));
  app.add_option("--backends", options.backends, "how many own the shards")
      ->check(CLI::Range(1, 1000));
  app.add_option("--bootstrap-expect", options.bootstrap_expect,
                 "frontends that must have joined before version 1 is vended")
      ->check(CLI::Range(1, 10'000));
  app.add_option("--cells", options.cells,
                 "parts the frontends into so many cells, each with peers among themselves only")
      ->check(CLI::Range(1, 1000));
  app.add_option_function<std::vector<std::string>>(
         "--guardrail", [&options](const std::vector<std::string>&) { options.admission = true; },
         "admission: a frontend is let in when every one has room for it, by what they say")
      ->type_size(1)
      ->check(CLI::IsMember({"admission"}));
  app.add_option_function<int>(
         "--report-patience-ms",
         [&options](int ms) { options.report_patience = std::chrono::milliseconds(ms); },
         "admission: how long a frontend waits for the others to say what room they have (10000)")
      ->check(CLI::Range(1, 3'600'000));
  app.add_option_function<int>(
         "--health-timeout-ms",
         [&options](int ms) { options.health_timeout = std::chrono::milliseconds(ms); },
         "how long a frontend may take to answer a health request; then it is removed (off)")
      ->check(CLI::Range(50, 3'600'000));
  app.add_option_function<int>(
         "--lease-ttl-ms",
         [&options](int ms) { options.lease_ttl = std::chrono::milliseconds(ms); },
         "how long a backend may serve without hearing from membership (5000)")
      ->check(CLI::Range(100, 3'600'000));
}

// What CLI11 cannot check. Throws what main() takes for bad usage.
void finish(ceiling::MembershipOptions& options, const std::vector<std::string>& streams) {
  ceiling::check_name(options.name);
  std::set<std::string> names;
  std::uint32_t shards = 0;
  for (const std::string& text : streams) {
    const auto& stream = options.streams.emplace_back(ceiling::stream_from(text));
    if (!names.insert(stream.name()).second) {
      throw std::invalid_argument("--stream " + stream.name() + ": given twice");
    }
    shards += stream.shards();
  }
  for (const std::string& account : options.accounts) {
    ceiling::check_account(account);
    if (std::count(options.accounts.begin(), options.accounts.end(), account) > 1) {
      throw std::invalid_argument("--account " + account + ": given twice");
    }
  }
  if (shards > ceiling::kMaxShards) throw std::invalid_argument("--stream: too many shards in all");
  if (!ceiling::wire::endpoint_of(options.listen).address().is_loopback()) {
    throw std::invalid_argument("--listen " + options.listen + ": only loopback addresses");
  }
  options.token = ceiling::wire::token_from_environment();
}

}  // namespace

int main(int argc, char** argv) {
  ceiling::MembershipOptions options;
  CLI::App app;
  std::vector<std::string> streams;
  describe(app, options, streams);
  try {
    app.parse(argc, argv);
    finish(options, streams);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ceiling::wire::kUsage;
  } catch (const std::exception& error) {
    ceiling::wire::log_line(options.name, error.what());
    return ceiling::wire::kUsage;
  }
  return ceiling::wire::run_program(options.name, [&] {
    return ceiling::wire::serve_until_signal<ceiling::MembershipServer>(options);
  });
}
