#include <fmt/format.h>
#include <sys/socket.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <exception>
#include <functional>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "workload/client/client.h"
#include "workload/client/dependent.h"
#include "workload/protocol/process.h"

namespace {

using ceiling::Client;
using ceiling::ClientOptions;
using ceiling::DependentKind;
using ceiling::DependentOptions;
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

constexpr const char* kCanary = "canary";

// All that the command line may say; what belongs to which kind is checked afterwards.
struct Arguments {
  std::string kind = kCanary;
  std::string control;
  ClientOptions canary;
  DependentOptions dependent;
  std::int64_t missing_after_ms = 0;
};

void describe(CLI::App& app, Arguments& to) {
  std::vector<std::string> kinds = ceiling::dependent_names();
  kinds.insert(kinds.begin(), kCanary);
  app.add_option("--kind", to.kind, "what it is; all but canary depend on the stream")
      ->check(CLI::IsMember(kinds));
  app.add_option("--name", to.canary.name, "part of every partition key; unique in the fleet")
      ->check(name_problem);
  app.add_option("--membership", to.canary.membership, "address of ceiling-membership");
  app.add_option("--rate", to.canary.pairs_per_s,
                 "canary: pairs of put and get per second, 0: none; dependents: users per second")
      ->check(CLI::Range(0, 100'000));
  app.add_option("--control", to.control,
                 "canary: fd:N, an inherited connected socket that gives the orders");
  app.add_option("--status", to.canary.status, "status endpoint: fd:N, @name or a path");
  app.add_option("--port", to.dependent.port,
                 "dependents: of their HTTP on loopback; 0: the kernel chooses");
  app.add_option("--buffer", to.dependent.buffer, "blocking-buffer, drop-oldest: records it holds")
      ->check(CLI::Range(2, 1'000'000));
  app.add_option("--record-bytes", to.dependent.record_bytes, "kinds with a buffer: of each record")
      ->check(CLI::Range(std::size_t{1}, DependentOptions::kMostRecordBytes));
  app.add_option("--missing-after-ms", to.missing_after_ms,
                 "alarm-on-missing-data: without a record for so long it alarms")
      ->check(CLI::Range(100, 600'000));
  app.add_option("--login", to.dependent.login,
                 "status-page: 127.0.0.1:PORT of the dependent that it logs in at");
}

// The options of one kind, those that it cannot do without first.
struct Belongs {
  std::vector<std::string> required;
  std::vector<std::string> optional;
};

Belongs options_of(const std::string& kind) {
  const auto dependent = ceiling::dependent_from(kind);
  if (!dependent) return {{"--membership"}, {"--rate", "--control"}};
  switch (*dependent) {
    case DependentKind::blocking_buffer:
    case DependentKind::drop_oldest:
      return {{"--membership", "--rate", "--buffer", "--record-bytes"}, {"--port"}};
    case DependentKind::unbounded_buffer:
      return {{"--membership", "--rate", "--record-bytes"}, {"--port"}};
    case DependentKind::missing_data:
      return {{"--membership", "--missing-after-ms"}, {"--port"}};
    case DependentKind::status_page:
      break;
  }
  return {{"--login"}, {"--port"}};
}

// Throws CLI::ValidationError.
void check_belonging(const CLI::App& app, const std::string& kind) {
  const Belongs belongs = options_of(kind);
  for (const std::string& name : belongs.required) {
    if (app.count(name) == 0) {
      throw CLI::ValidationError(name, fmt::format("is missing: --kind {} needs it", kind));
    }
  }
  const std::vector<std::string> everybodys = {"--help", "--kind", "--name", "--status"};
  for (const CLI::Option* option : app.get_options()) {
    const std::string name = option->get_name();
    const auto has = [&name](const std::vector<std::string>& names) {
      return std::find(names.begin(), names.end(), name) != names.end();
    };
    if (option->count() > 0 && !has(belongs.required) && !has(belongs.optional) &&
        !has(everybodys)) {
      throw CLI::ValidationError(name, fmt::format("does not belong to --kind {}", kind));
    }
  }
}

Arguments parse(CLI::App& app, int argc, char** argv) {
  Arguments arguments;
  arguments.canary.name = "client";
  describe(app, arguments);
  app.parse(argc, argv);
  check_belonging(app, arguments.kind);
  if (!arguments.control.empty()) arguments.canary.control_fd = descriptor(arguments.control);
  arguments.canary.token = ceiling::wire::token_from_environment();
  if (app.count("--membership") > 0) ceiling::wire::endpoint_of(arguments.canary.membership);
  if (app.count("--login") > 0) ceiling::wire::endpoint_of(arguments.dependent.login);
  DependentOptions& dependent = arguments.dependent;
  dependent.kind = ceiling::dependent_from(arguments.kind).value_or(dependent.kind);
  dependent.name = arguments.canary.name;
  dependent.membership = arguments.canary.membership;
  dependent.token = arguments.canary.token;
  dependent.status = arguments.canary.status;
  dependent.users_per_s = arguments.canary.pairs_per_s;
  dependent.missing_after = std::chrono::milliseconds(arguments.missing_after_ms);
  return arguments;
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

// `serve` runs the loop; a signal ends that, and so does a call of what it is given.
int run_until_over(
    const std::function<void(boost::asio::io_context&, std::function<void(int)>)>& serve) {
  boost::asio::io_context io(1);
  int status = 0;
  boost::asio::signal_set signals(io, SIGTERM, SIGINT);
  signals.async_wait([&](boost::system::error_code, int) { io.stop(); });
  serve(io, [&](int exit_status) {
    status = exit_status;
    io.stop();
  });
  return status;
}

int run_canary(const ClientOptions& options) {
  return run_until_over([&](boost::asio::io_context& io, std::function<void(int)> over) {
    Client client(io, options, std::move(over));
    std::optional<Report> report;
    if (!options.control_fd) report.emplace(io, client);
    io.run();
  });
}

int run_dependent(const DependentOptions& options) {
  return run_until_over([&](boost::asio::io_context& io, std::function<void(int)> over) {
    const ceiling::Dependent dependent(io, options, std::move(over));
    fmt::print("address {}\n", dependent.address());
    std::fflush(stdout);
    io.run();
  });
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app(
      "Canaries: puts records to every shard through every frontend and reads them back.\n"
      "With --kind, a service that depends on the stream and says over HTTP how it fares:\n"
      "CEILING_TOKEN=... ceiling-client --kind blocking-buffer --membership 127.0.0.1:4000 "
      "--rate 50 --buffer 200 --record-bytes 100 --port 8080");
  Arguments arguments;
  try {
    arguments = parse(app, argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : ceiling::wire::kUsage;
  } catch (const std::exception& error) {
    ceiling::wire::log_line("ceiling-client", error.what());
    return ceiling::wire::kUsage;
  }
  return ceiling::wire::run_program(arguments.canary.name, [&] {
    return arguments.kind == kCanary ? run_canary(arguments.canary)
                                     : run_dependent(arguments.dependent);
  });
}
