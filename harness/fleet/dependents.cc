#include "harness/fleet/dependents.h"

#include <fmt/format.h>

#include <algorithm>
#include <csignal>
#include <nlohmann/json.hpp>
#include <utility>

#include "cgroups/error.h"

namespace ceiling {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto kStartPatience = std::chrono::seconds(20);

std::vector<std::string> arguments_of(const ClientPlan& plan, const std::string& membership,
                                      const std::string& login) {
  std::vector<std::string> arguments = {"--kind", plan.kind};
  const auto add = [&](const char* option, const std::string& value) {
    arguments.insert(arguments.end(), {option, value});
  };
  if (!login.empty()) {
    add("--login", login);
    return arguments;
  }
  add("--membership", membership);
  if (plan.rate_per_s > 0) add("--rate", std::to_string(plan.rate_per_s));
  if (plan.buffer > 0) add("--buffer", std::to_string(plan.buffer));
  if (plan.record_bytes > 0) add("--record-bytes", std::to_string(plan.record_bytes));
  if (plan.missing_after_ms > 0) add("--missing-after-ms", std::to_string(plan.missing_after_ms));
  return arguments;
}

HealthEvent health_of(const std::string& dependent, const Exchange& exchange) {
  HealthEvent health{.dependent = dependent, .reason = exchange.problem};
  if (exchange.end != Exchange::End::answered) return health;
  try {
    const auto body = nlohmann::json::parse(exchange.body);
    health.ok = exchange.status == 200;
    health.reason = body.at("reason").get<std::string>();
    health.buffered = body.at("buffered").get<std::uint64_t>();
    health.dropped = body.at("dropped").get<std::uint64_t>();
  } catch (const nlohmann::json::exception&) {
    health.ok = false;
    health.reason = fmt::format("HTTP {} without a health", exchange.status);
  }
  return health;
}

}  // namespace

Dependents::Dependents(Site& site, Fleet& fleet)
    : site_(site),
      fleet_(fleet),
      group_(fleet.group().child("dependents")),
      gone_(std::make_shared<bool>(false)) {
  fleet_.tell_exits_to([this](const Exit& exit) { return on_exit(exit); });
}

void Dependents::start(const std::vector<ClientPlan>& clients) {
  // Who logs in at another has to know where.
  for (const bool logs_in : {false, true}) {
    for (const ClientPlan& plan : dependents_of(clients)) {
      if (plan.login.empty() != logs_in) start_one(plan);
    }
    wait_until_all("say where it listens",
                   [](const Dependent& one) { return !one.address.empty(); });
  }
  for (Dependent& one : all_) ask(one);
  wait_until_all("become healthy", [](const Dependent& one) { return one.health.has_value(); });
}

Dependents::~Dependents() {
  *gone_ = true;
  fleet_.tell_exits_to(nullptr);
  for (const Dependent& one : all_) {
    if (one.channel) one.channel->abandon();
  }
}

void Dependents::start_one(const ClientPlan& plan) {
  Dependent& one =
      all_.emplace_back(Dependent{.plan = plan,
                                  .group = group_.child(plan.kind),
                                  .timer = boost::asio::steady_timer(site_.loop().context())});
  if (plan.memory_max) one.group.set_memory_max(*plan.memory_max);
  const auto login = std::find_if(all_.begin(), all_.end(), [&plan](const Dependent& other) {
    return other.plan.kind == plan.login;
  });
  one.started =
      site_.start({.label = fleet_.spec().label,
                   .name = plan.kind,
                   .program = "ceiling-client",
                   .arguments = arguments_of(plan, fleet_.services().address(),
                                             login == all_.end() ? "" : login->address),
                   .group = &one.group,
                   .uid = site_.service_uid(),
                   .rlimits = {},
                   .descriptors = {}},
                  [&one](const wire::Status& status) { one.address = status.http_address(); });
}

void Dependents::wait_until_all(const char* what, bool (*is)(const Dependent&)) {
  const auto ended = [](const Dependent& one) { return one.seen.ended; };
  const auto all = [&] { return std::all_of(all_.begin(), all_.end(), is); };
  site_.loop().run_until([&] { return all() || std::any_of(all_.begin(), all_.end(), ended); },
                         kStartPatience);
  for (const Dependent& one : all_) {
    if (!is(one)) {
      throw Error(fmt::format("the dependent {} did not {}{}; its log is in logs/", one.plan.kind,
                              what, one.seen.ended ? ", but ended" : ""));
    }
  }
}

void Dependents::ask(Dependent& one) {
  if (!one.channel) {
    one.channel = std::make_shared<HttpChannel>(site_.loop().context().get_executor(),
                                                wire::endpoint_of(one.address), kAnswerPatience);
  }
  one.asked_at = Clock::now();
  one.channel->exchange(fmt::format("GET /health HTTP/1.1\r\nHost: {}\r\n\r\n", one.address),
                        [this, &one](const Exchange& exchange) {
                          answered(one, exchange);
                          if (!one.seen.ended) ask_later(one);
                        });
}

void Dependents::ask_later(Dependent& one) {
  one.timer.expires_after(kInterval);
  one.timer.async_wait([this, &one, gone = gone_](boost::system::error_code error) {
    if (!error && !*gone && !one.seen.ended && !ending_) ask(one);
  });
}

void Dependents::answered(Dependent& one, const Exchange& exchange) {
  HealthEvent now = health_of(one.plan.kind, exchange);
  if (!one.health && !now.ok) return;  // it is starting
  const bool dropped = now.dropped > 0;
  const bool changed = !one.health || one.health->ok != now.ok ||
                       one.health->reason != now.reason || one.seen.dropped != dropped;
  one.seen.lost = one.seen.lost || !now.ok;
  one.seen.dropped = one.seen.dropped || dropped;
  if (changed) site_.recorder().record(now);
  one.health = std::move(now);
  one.answered_to = one.asked_at;
}

bool Dependents::on_exit(const Exit& exit) {
  const auto found = std::find_if(all_.begin(), all_.end(), [&exit](const Dependent& one) {
    return one.started && one.started->process.pid() == exit.pid;
  });
  if (found == all_.end()) return false;
  if (ending_) return true;
  found->seen.ended = true;
  DependentEndEvent end{
      .dependent = found->plan.kind, .detail = describe(exit), .where = "", .oom_kills = {}};
  if (found->plan.memory_max) {
    const auto memory = found->group.memory();
    end.where = memory ? memory->file.string() : "";
    if (memory) end.oom_kills = memory->oom_kills;
  }
  found->seen.oom_killed = end.oom_kills.value_or(0) > 0;
  site_.recorder().record(end);
  return true;
}

void Dependents::await(const ExpectedDependents& expected, std::chrono::milliseconds patience) {
  const auto come = [&](const std::pair<const std::string, DependentOutcome>& one) {
    const auto found = std::find_if(all_.begin(), all_.end(), [&](const Dependent& dependent) {
      return dependent.plan.kind == one.first;
    });
    return one.second != DependentOutcome::unaffected && found != all_.end() &&
           found->seen.outcome() == one.second;
  };
  site_.loop().run_until(
      [&] { return !expected.empty() && std::all_of(expected.begin(), expected.end(), come); },
      patience);
}

void Dependents::await_back(const std::vector<std::string>& kinds,
                            std::chrono::milliseconds patience) {
  const auto began = Clock::now();
  const auto awaited = [&](const Dependent& one) {
    if (std::find(kinds.begin(), kinds.end(), one.plan.kind) == kinds.end()) return false;
    return !one.seen.ended && !(one.health->ok && one.answered_to >= began);
  };
  site_.loop().run_until([&] { return std::none_of(all_.begin(), all_.end(), awaited); }, patience);
}

void Dependents::end() {
  ending_ = true;
  for (Dependent& one : all_) {
    one.timer.cancel();
    if (one.channel) one.channel->abandon();
    if (one.health && !one.seen.ended) site_.recorder().record(*one.health);
  }
  group_.destroy();
}

}  // namespace ceiling
