#include <fmt/format.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "workload/client/client.h"
#include "workload/protocol/process.h"

namespace {

using ceiling::Client;
using ceiling::ClientOptions;
using ceiling::OperationLog;

// What `--control fd:N` names. Throws CLI::ValidationError.
int descriptor(const std::string& where) {
  const std::string_view digits =
      std::string_view(where).substr(std::min<std::size_t>(3, where.size()));
  int fd = -1;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), fd);
  if (!where.starts_with("fd:") || parsed.ec != std::errc{} ||
      parsed.ptr != digits.data() + digits.size() || fd < 0) {
    throw CLI::ValidationError("--control", fmt::format("\"{}\": expected fd:N", where));
  }
  int type = 0;
  socklen_t size = sizeof type;
  if (::getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &size) != 0 || type != SOCK_STREAM) {
    throw CLI::ValidationError("--control", fmt::format("descriptor {} is no stream socket", fd));
  }
  return fd;
}

// The name becomes part of partition keys and of log lines.
std::string name_problem(const std::string& name) {
  const auto plain = [](char c) { return c > ' ' && c <= '~'; };
  const bool good =
      !name.empty() && name.size() <= 64 && std::all_of(name.begin(), name.end(), plain);
  return good ? "" : "expected 1 to 64 printable characters without spaces";
}

ClientOptions parse(CLI::App& app, int argc, char** argv) {
  ClientOptions options;
  options.name = "client";
  std::string control;
  app.add_option("--name", options.name, "part of every partition key; unique in the fleet")
      ->check(name_problem);
  app.add_option("--membership", options.membership, "address of ceiling-membership")->required();
  app.add_option("--rate", options.pairs_per_s, "pairs of put and get per second; 0: no canaries")
      ->check(CLI::Range(0, 100'000));
  app.add_option("--control", control, "fd:N, an inherited connected socket that gives the orders");
  app.add_option("--status", options.status, "status endpoint: fd:N, @name or a path");
  app.parse(argc, argv);
  if (!control.empty()) options.control_fd = descriptor(control);
  options.token = ceiling::wire::token_from_environment();
  ceiling::wire::endpoint_of(options.membership);
  return options;
}

// What is printed for a person, once a second.
class Report {
 public:
  Report(boost::asio::io_context& io, const Client& client) : timer_(io), client_(client) {
    wait();
  }

 private:
  void wait() {
    timer_.expires_after(std::chrono::seconds(1));
    timer_.async_wait([this](boost::system::error_code) {
      const OperationLog::Counts now = client_.counts();
      fmt::print("targets {} puts ok {} failed {} gets ok {} failed {} skipped {}\n",
                 client_.targets(), now.puts_ok - before_.puts_ok,
                 now.puts_failed - before_.puts_failed, now.gets_ok - before_.gets_ok,
                 now.gets_failed - before_.gets_failed, client_.skipped() - skipped_before_);
      std::fflush(stdout);
      before_ = now;
      skipped_before_ = client_.skipped();
      wait();
    });
  }

  boost::asio::steady_timer timer_;
  const Client& client_;
  OperationLog::Counts before_;
  std::uint64_t skipped_before_ = 0;
};

int run(const ClientOptions& options) {
  boost::asio::io_context io(1);
  int status = 0;
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  Client client(io, options, [&](int exit_status) {
    status = exit_status;
    io.stop();
  });
  std::optional<Report> report;
  if (!options.control_fd) report.emplace(io, client);
  io.run();
  return status;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("Canaries: puts records to every shard through every frontend and reads them back.");
  ClientOptions options;
  try {
    options = parse(app, argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ceiling::wire::kUsage;
  } catch (const std::exception& error) {
    ceiling::wire::log_line("ceiling-client", error.what());
    return ceiling::wire::kUsage;
  }
  return ceiling::wire::run_program(options.name, [&] { return run(options); });
}
