#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <memory>
#include <optional>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "harness/cli/control.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/predictions.h"
#include "harness/cli/run_host.h"
#include "harness/cli/served_fleet.h"
#include "harness/cli/verb.h"
#include "harness/experiment/schema.h"
#include "harness/keeper/registry.h"
#include "workload/protocol/accounts.h"

namespace ceiling {
namespace {

constexpr std::chrono::hours kLongest{24};

struct Arguments {
  ExperimentArguments experiment;
  std::string arm;
  std::string listen;
  std::string time = "8h";
  std::filesystem::path results = "ceiling-results";
  std::filesystem::path programs;
  bool host_limits = false;

  std::optional<int> grow;
  std::optional<int> shrink;
  std::string kill;
  std::string restart;
  bool status = false;
  std::string run_id;
};

// ---- the shell that serves ----

/// A number and s, m or h. Throws Usage.
std::chrono::seconds duration_of(const std::string& text) {
  const auto refuse = [&] {
    return Usage(fmt::format("--for {}: expected 1s to 24h, as in 90s, 30m or 8h", text));
  };
  int number = 0;
  const auto parsed = std::from_chars(text.data(), text.data() + text.size(), number);
  if (parsed.ec != std::errc{} || parsed.ptr + 1 != text.data() + text.size()) throw refuse();
  const int unit = *parsed.ptr == 's' ? 1 : *parsed.ptr == 'm' ? 60 : *parsed.ptr == 'h' ? 3600 : 0;
  const std::chrono::seconds time = std::chrono::seconds(std::int64_t{unit} * number);
  if (time <= std::chrono::seconds(0) || time > kLongest) throw refuse();
  return time;
}

/// 0 for an empty text: the kernel chooses. Frontends are not root: no lower port is theirs to
/// take. Throws Usage.
int port_of(const std::string& listen) {
  constexpr std::string_view kHost = "127.0.0.1:";
  if (listen.empty()) return 0;
  int port = 0;
  const char* digits = listen.data() + kHost.size();
  const char* end = listen.data() + listen.size();
  if (listen.starts_with(kHost)) {
    const auto parsed = std::from_chars(digits, end, port);
    if (parsed.ec == std::errc{} && parsed.ptr == end && port >= 1024 && port <= 65535) return port;
  }
  throw Usage(
      fmt::format("--listen {}: expected 127.0.0.1:PORT, a port from 1024 to 65535", listen));
}

/// Throws HostError where somebody else listens there.
void check_port(int port) {
  if (port == 0) return;
  const Descriptor socket(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const int yes = 1;
  ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof yes);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(static_cast<std::uint16_t>(port));
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return;
  throw HostError(
      fmt::format("--listen 127.0.0.1:{}: {}", port, std::generic_category().message(errno)),
      "take another port, or none: the kernel chooses one then");
}

std::string chosen_arm(const Experiment& experiment, const Arguments& arguments) {
  if (arguments.arm.empty()) return experiment.arms.front().name;
  std::vector<std::string_view> names;
  for (const ArmPlan& arm : experiment.arms) names.push_back(arm.name);
  if (std::find(names.begin(), names.end(), arguments.arm) != names.end()) return arguments.arm;
  throw BadInput(
      arguments.experiment.file.string(),
      {Finding{.line = 0,
               .column = 0,
               .text = fmt::format("--arm {}: found no such arm, expected one of: {}; "
                                   "nearest: {}",
                                   arguments.arm, joined(names), nearest(arguments.arm, names))}});
}

/// The chosen arm alone, growing one by one, so that every size on the way is seen, without the
/// dependents, whose place the user's own clients take, and without the recovery, which is the
/// user's too. One canary a second, unless --set says otherwise: hours of a hundred would fill the
/// history and the backends.
Experiment served_experiment(const Arguments& arguments) {
  const Experiment whole = arguments.experiment.read();
  const std::string arm = chosen_arm(whole, arguments);
  std::vector<std::string> laid = {fmt::format("arms.{}.fleet.step=1", arm),
                                   fmt::format("arms.{}.dependents={{}}", arm),
                                   fmt::format("arms.{}.recovery={{}}", arm)};
  const auto& set = arguments.experiment.overrides;
  const bool rate_is_set = std::any_of(
      set.begin(), set.end(), [](const std::string& one) { return one.starts_with("clients."); });
  for (const ClientPlan& client : whole.clients) {
    if (!rate_is_set && client.rate_per_s > 1)
      laid.push_back(fmt::format("clients.{}.rate_per_s=1", client.kind));
  }
  return arguments.experiment.read(laid, arm);
}

/// The measured prediction; nothing where the calibration lies on no line: the judge says so.
std::optional<ArmPrediction> calibrated(const Arguments& arguments, const Experiment& experiment,
                                        Site& site, const ResultsFolder& results) {
  calibrate_all(site, experiment, [](const Progress& progress) {
    tell(fmt::format("{}: {}\n", progress.stage, progress.text));
  });
  std::optional<CostModel> model = measured_models(experiment, results.path()).front();
  if (!model) return std::nullopt;
  check_starting_fleets(experiment, {*model}, arguments.experiment.file.string());
  return predict_all(experiment, {*model}).front();
}

std::string surroundings(const std::string& endpoint, const std::string& token,
                         const std::filesystem::path& results) {
  return fmt::format(
      "AWS_ENDPOINT_URL=http://{0}\nAWS_REGION={1}\nAWS_DEFAULT_REGION={1}\n"
      "AWS_ACCESS_KEY_ID={2}\nAWS_SECRET_ACCESS_KEY={3}\nCEILING_OPERATIONS={4}\n",
      endpoint, kRegion, access_key_of(token, kFleetAccount), secret_key_of(token, kFleetAccount),
      (std::filesystem::absolute(results) / "operations").lexically_normal().string());
}

void serve_on_host(const Arguments& arguments, const Experiment& experiment, const HostPlan& plan,
                   const ResultsFolder& results) {
  RunHost host(plan, experiment.name, results);
  Site& site = host.site();
  try {
    if (const auto arm = calibrated(arguments, experiment, site, results)) {
      site.recorder().enter_arm(arm->arm.name);
      ServedFleet fleet(site, experiment, *arm, port_of(arguments.listen), results);
      ControlSocket control(site.loop().context(), Registry().control_socket(plan.run_id));
      Output().write(surroundings(fleet.endpoint(), site.token(), results.path()) +
                     fmt::format("serving arm {} as run {} for {}, until Ctrl-C\n", arm->arm.name,
                                 plan.run_id, arguments.time) +
                     fleet.status());
      fleet.serve(control, duration_of(arguments.time));
    }
  } catch (const Interrupted& interrupted) {
    site.recorder().record(ArmEndEvent{
        .reason = fmt::format("ended by signal {}", interrupted.signal), .completed = false});
    host.finish();
    throw;
  }
  host.finish();
}

int serve(const Arguments& arguments) {
  duration_of(arguments.time);
  const int port = port_of(arguments.listen);
  const std::string file = arguments.experiment.file.string();
  const Experiment experiment = served_experiment(arguments);
  check_limits(experiment, file, arguments.host_limits);
  const std::vector<CostModel> models = documented_models(experiment);
  check_starting_fleets(experiment, models, file);
  if (::geteuid() != 0) {
    throw HostError("making control groups and private users needs root", "sudo ceiling serve ...");
  }
  HostPlan plan = plan_for_host(experiment, models, arguments.programs);
  plan.uids = std::max(plan.uids, Site::uids_needed(experiment.arms.front().fleet.end));
  plan.host_settings = host_settings_for(experiment);
  check_port(port);
  const ResultsFolder results =
      make_results_folder(arguments.results, experiment.name, plan.run_id);
  results.write("experiment.yaml", experiment.source);
  serve_on_host(arguments, experiment, plan, results);

  const RunVerdict verdict = judge_and_store(experiment, results);
  const Output output;
  output.write(result_text(verdict, output.colour()) +
               fmt::format("report: {}\n", results.path().string()));
  return exit_status(verdict.verdict);
}

// ---- the other shell ----

std::vector<RegistryEntry> serving(const Registry& registry) {
  std::vector<RegistryEntry> found = registry.entries();
  std::erase_if(found, [&](const RegistryEntry& entry) {
    return !entry.alive() || !std::filesystem::exists(registry.control_socket(entry.run_id));
  });
  return found;
}

/// The run id of the serve that is meant. Throws Usage where that is none, or not said.
std::string serve_meant(const Registry& registry, const std::string& run_id) {
  const std::vector<RegistryEntry> all = serving(registry);
  if (all.empty()) {
    throw Usage("no serve is running here: start one with sudo ceiling serve EXPERIMENT");
  }
  std::string list;
  for (const RegistryEntry& entry : all) {
    if (entry.run_id == run_id) return run_id;
    list += fmt::format("\n  --run {}  {}", entry.run_id, entry.results.string());
  }
  if (!run_id.empty()) throw Usage(fmt::format("no serve is run {}; there is{}", run_id, list));
  if (all.size() == 1) return all.front().run_id;
  throw Usage(fmt::format("{} serves are running: say which one with{}", all.size(), list));
}

int act(const Arguments& arguments, const Order& order) {
  if (::geteuid() != 0) {
    throw HostError("a serve takes orders from root only", "sudo ceiling serve ...");
  }
  const Registry registry;
  const std::string run_id = serve_meant(registry, arguments.run_id);
  const Answer answer = give_order(registry.control_socket(run_id), order);
  if (answer.status == kUsage) throw Usage(answer.text.substr(0, answer.text.find('\n')));
  Output().write(answer.text);
  return answer.status;
}

/// Throws Usage.
int serve_or_act(const Arguments& arguments) {
  std::vector<Order> orders;
  if (arguments.grow) orders.push_back({.action = "grow", .count = *arguments.grow, .name = ""});
  if (arguments.shrink)
    orders.push_back({.action = "shrink", .count = *arguments.shrink, .name = ""});
  if (!arguments.kill.empty())
    orders.push_back({.action = "kill", .count = 0, .name = arguments.kill});
  if (!arguments.restart.empty())
    orders.push_back({.action = "restart", .count = 0, .name = arguments.restart});
  if (arguments.status) orders.push_back({.action = "status", .count = 0, .name = ""});
  const bool starts = !arguments.experiment.file.empty();
  if (!starts && orders.empty()) {
    throw Usage(
        "serve: expected an EXPERIMENT, or one of --grow, --shrink, --kill, --restart, --status");
  }
  if (orders.size() + (starts ? 1 : 0) > 1) {
    throw Usage(
        "serve: found several of EXPERIMENT, --grow, --shrink, --kill, --restart, --status, "
        "expected one");
  }
  if (!starts) return act(arguments, orders.front());
  if (!arguments.run_id.empty())
    throw Usage("serve: --run goes with an order to a serve that runs");
  return serve(arguments);
}

}  // namespace

Verb add_serve(CLI::App& app) {
  const auto arguments = std::make_shared<Arguments>();
  arguments->experiment.add_to(app, false);
  app.add_option("--arm", arguments->arm,
                 "the arm whose limits and guardrails (default: the first)");
  app.add_option("--listen", arguments->listen,
                 "127.0.0.1:PORT of frontend-1 (default: the kernel chooses)");
  app.add_option("--for", arguments->time, "ends by itself after that long: 90s, 30m, at most 24h")
      ->capture_default_str();
  app.add_option("--results", arguments->results, "where the run's folder is made")
      ->capture_default_str();
  app.add_option("--programs", arguments->programs,
                 "folder of the workload's programs (default: beside this one)");
  app.add_flag("--host-limits", arguments->host_limits, "as for run");
  app.add_option("--grow", arguments->grow,
                 "order: N frontends more, one by one, to the first size at which one fails")
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  app.add_option("--shrink", arguments->shrink, "order: N frontends less")
      ->check(CLI::Range(1, 10000))
      ->type_name("N");
  app.add_option("--kill", arguments->kill, "order: SIGKILL to frontend-3, backend-1 or cache-1")
      ->type_name("NAME");
  app.add_option(
         "--restart", arguments->restart,
         "order: start frontend-3, backend-1 or cache-1 that is gone; SIGKILL first where it lives")
      ->type_name("NAME");
  app.add_flag("--status", arguments->status, "order: say what is there");
  app.add_option("--run", arguments->run_id, "the serve that an order is for, where several run")
      ->type_name("ID");
  app.footer(
      "Example: sudo ceiling serve harness/experiments/kinesis-2020.yaml, and from another shell\n"
      "  sudo ceiling serve --grow 19    # 23 frontends: the outage\n"
      "  sudo ceiling serve --shrink 1   # and its end\n"
      "Ctrl-C ends it, judges what was seen, and removes everything; what clients recorded in\n"
      "CEILING_OPERATIONS is judged too. An order ends with 0 when every frontend works, 1 when "
      "one\n"
      "does not, 64 when it was refused.");
  return [arguments] { return serve_or_act(*arguments); };
}

}  // namespace ceiling
