#include "harness/cli/served_fleet.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "cgroups/error.h"
#include "harness/cli/exit_status.h"
#include "harness/cli/predictions.h"
#include "harness/cli/run_host.h"
#include "harness/experiment/schema.h"
#include "harness/verify/attribution.h"

namespace ceiling {
namespace {

using Names = std::vector<std::string>;

bool routes(const FrontendState& one) {
  return !one.gone && one.status && one.status->map().complete();
}

std::string state_text(const FrontendState& one) {
  if (one.gone) return "gone";
  if (!one.status) return "not in service";
  const wire::Status& status = *one.status;
  const std::uint64_t version = status.build().version();
  if (status.refusal().phase() == "start") return "not in service: refused at its start";
  if (status.build().state() == wire::BUILD_COMPLETE) return "in service";
  if (status.build().state() != wire::BUILD_FAILED) return "not in service";
  const std::string why = status.no_source() ? ", " + status.build().reason() : "";
  if (!routes(one))
    return fmt::format("cannot route: map version {} was not built{}", version, why);
  return fmt::format("in service with map version {}: version {} was not built{}",
                     status.map().version(), version, why);
}

bool contains(const Names& names, const std::string& name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

/// Rounded down: what is not all is never shown as 100 %.
std::string percent(double share) {
  if (share == 0 || share == 1) return fmt::format("{:.0f} %", 100 * share);
  return fmt::format("{:.2f} %", std::floor(share * 10000) / 100);
}

/// A few of them by their names, more by their number.
std::string some(const Names& names, int size) {
  constexpr std::size_t kNamed = 3;
  if (std::cmp_equal(names.size(), size)) return fmt::format("all {} frontends", size);
  if (names.size() > kNamed) return fmt::format("{} of {} frontends", names.size(), size);
  return fmt::format("{} of {} frontends", fmt::join(names, ", "), size);
}

}  // namespace

ServedFleet::ServedFleet(Site& site, const Experiment& experiment, const ArmPrediction& arm,
                         int port, const ResultsFolder& results)
    : site_(site),
      arm_(arm),
      results_(results.path()),
      operations_(results.new_folder("operations")),
      run_(site, experiment, arm.arm, port),
      last_(run_.grow_to(arm.arm.fleet.start)) {}

std::string ServedFleet::endpoint() const {
  const std::vector<FrontendState> frontends = run_.fleet().frontends();
  const bool there = !frontends.empty() && frontends.front().status;
  return there ? frontends.front().status->http_address() : "";
}

std::string ServedFleet::status() const {
  const std::vector<FrontendState> frontends = run_.fleet().frontends();
  const auto serving = std::count_if(frontends.begin(), frontends.end(), routes);
  std::string text = fmt::format("{} frontends, {} in service", frontends.size(), serving);
  if (last_.routable) text += fmt::format(", {} routable", percent(last_.routable->share));
  text += "; " + prediction_line(arm_) + "\n";
  for (const FrontendState& one : frontends) {
    const std::string address = one.status ? one.status->http_address() : "";
    text += fmt::format("{} {} {}\n", one.name, address.empty() ? "-" : "http://" + address,
                        state_text(one));
  }
  for (const std::string& name : run_.fleet().services().gone())
    text += fmt::format("{} - {}\n", name, how_gone(name));
  return text;
}

void ServedFleet::serve(ControlSocket& control, std::chrono::seconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  ArmEndEvent how{.reason = "", .completed = true};
  bool in_order = false;
  try {
    while (how.reason.empty()) {
      const auto left = std::chrono::ceil<std::chrono::milliseconds>(
          std::max(end - std::chrono::steady_clock::now(), std::chrono::nanoseconds(0)));
      if (!site_.loop().run_until([&] { return control.waiting() || changed(); }, left)) {
        how.reason = "ended by its time limit (--for)";
        break;
      }
      in_order = true;
      if (changed()) {
        look();
      } else {
        control.answer([this](const Order& order) { return carry_out(order); });
      }
      in_order = false;
      if (!last_.step.settled) {
        how = {
            .reason = fmt::format("the step to {} frontends did not settle", last_.step.fleet_size),
            .completed = false};
      } else if (contains(gone_, "membership")) {
        how = {.reason = "membership is gone", .completed = false};
      }
    }
  } catch (const Interrupted& interrupted) {
    how = {.reason = fmt::format("ended by signal {}{}", interrupted.signal,
                                 in_order ? " in the middle of a step" : ""),
           .completed = !in_order};
  }
  say(how.reason);
  if (how.completed) take("at the end", run_.settle());
  run_.end(how, &operations_);
}

std::string ServedFleet::how_gone(const std::string& name) const {
  return run_.fleet().services().is_silent(name) ? "silent" : "gone";
}

bool ServedFleet::changed() const {
  return run_.fleet().failed() != last_.step.failed || run_.fleet().services().gone() != gone_;
}

/// Something happened that nobody ordered. Where a frontend ended, others may say so first: who is
/// gone is known once all have settled.
void ServedFleet::look() {
  const bool alone =
      contains(run_.fleet().services().gone(), "membership");  // nothing settles then
  std::optional<Rest> rest;
  if (!alone) rest = run_.settle();
  for (const FrontendState& one : run_.fleet().frontends()) {
    if (one.gone && !contains(last_.step.failed, one.name)) say(one.name + " is gone");
  }
  for (const std::string& name : run_.fleet().services().gone()) {
    if (!contains(gone_, name)) say(fmt::format("{} is {}", name, how_gone(name)));
  }
  gone_ = run_.fleet().services().gone();
  if (rest) take("settled", *rest);
}

Answer ServedFleet::carry_out(const Order& order) {
  said_.clear();
  if (order.action == "grow") return grow(order.count);
  if (order.action == "shrink") return shrink(order.count);
  if (order.action == "kill") return kill(order.name);
  if (order.action == "restart") return restart(order.name);
  if (order.action == "status") return settled();
  return refuse("found the order " + order.action +
                ", expected grow, shrink, kill, restart or status");
}

Answer ServedFleet::grow(int count) {
  const int size = run_.fleet().size();
  const int end = arm_.arm.fleet.end;
  if (!last_.step.failed.empty()) {
    say(fmt::format("not grown: {} failed; --shrink or --kill comes first",
                    some(last_.step.failed, size)));
    return settled();
  }
  if (count > end - size) {
    return refuse(fmt::format(
        "not grown: the fleet has {} frontends, and fleet.end of the experiment is {}: at most {} "
        "more (to go further, start it with --set fleet.end=N)",
        size, end, std::max(end - size, 0)));
  }
  for (int next = size + 1; next <= size + count; ++next) {
    Rest rest = run_.grow_to(next);
    const Names kept_out = rest.kept_out;
    if (!kept_out.empty()) {
      take(fmt::format("{} was not admitted, {} frontends", kept_out.front(), next - 1),
           std::move(rest));
      if (next < size + count) say(fmt::format("{} more were not started", size + count - next));
      return {last_.step.settled ? kRefuted : kUnknown, said_ + status()};
    }
    take(fmt::format("grown to {} frontends", next), std::move(rest));
    if (last_.step.settled && last_.step.failed.empty()) continue;
    if (next < size + count) say(fmt::format("{} more were not started", size + count - next));
    break;
  }
  return settled();
}

Answer ServedFleet::shrink(int count) {
  const int size = run_.fleet().size();
  const int start = arm_.arm.fleet.start;
  if (count > size - start) {
    return refuse(
        fmt::format("not shrunk: the fleet has {} frontends, and fleet.start of the experiment is "
                    "{}: at most {} less",
                    size, start, std::max(size - start, 0)));
  }
  take(fmt::format("shrunk to {} frontends", size - count), run_.shrink_to(size - count));
  return settled();
}

Answer ServedFleet::kill(const std::string& name) {
  Names known = run_.fleet().services().servers();
  const auto servers = static_cast<std::ptrdiff_t>(known.size());
  for (const FrontendState& one : run_.fleet().frontends()) known.push_back(one.name);
  const auto found = std::find(known.begin(), known.end(), name);
  if (found == known.end()) return refuse_unknown(name, known);
  const bool server = found - known.begin() < servers;
  if (server && contains(gone_, name) && !run_.fleet().services().is_silent(name)) {
    return refuse(name + " is gone already");
  }
  if (!server && run_.fleet().size() == 1) return refuse(name + " is the last frontend");
  take("killed " + name, run_.kill(name));
  gone_ = run_.fleet().services().gone();
  if (!server) killed_.push_back(name);
  return settled();
}

Answer ServedFleet::restart(const std::string& name) {
  Names known = run_.fleet().services().servers();
  const bool server = contains(known, name);
  bool lives = server && (!contains(gone_, name) || run_.fleet().services().is_silent(name));
  for (const FrontendState& one : run_.fleet().frontends()) {
    known.push_back(one.name);
    if (one.name == name) lives = !one.gone;
    std::erase(killed_, one.name);  // grown again since
  }
  known.insert(known.end(), killed_.begin(), killed_.end());
  if (!contains(known, name)) return refuse_unknown(name, known);
  if (lives) {
    if (!server && run_.fleet().size() == 1) return refuse(name + " is the last frontend");
    take("killed " + name, run_.kill(name));
    if (!last_.step.settled) return settled();
  }
  take("restarted " + name, run_.restart(name));
  gone_ = run_.fleet().services().gone();
  return settled();
}

Answer ServedFleet::refuse_unknown(const std::string& name, const Names& known) const {
  const std::vector<std::string_view> names(known.begin(), known.end());
  return refuse(fmt::format("there is no {}, expected one of: {}; nearest: {}", name,
                            fmt::join(known, ", "), nearest(name, names)));
}

Answer ServedFleet::refuse(const std::string& why) const {
  return {kUsage, why + "\n"};
}

Answer ServedFleet::settled() const {
  const bool all = last_.step.failed.empty() && run_.fleet().services().gone().empty();
  return {!last_.step.settled ? kUnknown : all ? kHolds : kRefuted, said_ + status()};
}

void ServedFleet::take(const std::string& done, Rest rest) {
  last_ = std::move(rest);
  const StepEvent& step = last_.step;
  if (!step.settled) return say(done + ": it did not settle");
  say(fmt::format("{}: {}{}", done, map_text(),
                  last_.routable ? ", " + percent(last_.routable->share) + " routable" : ""));
  if (step.failed.empty()) return;
  say(some(step.failed, step.fleet_size) + " failed" + refusal_text());
}

std::string ServedFleet::map_text() const {
  std::uint64_t version = 0;
  int published = 0;
  for (const FrontendState& one : run_.fleet().frontends()) {
    if (!routes(one) || one.status->map().version() < version) continue;
    published = one.status->map().version() == version ? published + 1 : 1;
    version = one.status->map().version();
  }
  return published == 0 ? "no map is published"
                        : fmt::format("map version {} published by {}", version, published);
}

/// What refused in the last step, from the history: as the judge sees it.
std::string ServedFleet::refusal_text() const {
  const ParsedHistory history = read_history(results_);
  const auto arms = sort_by_arm(history.events);
  const std::vector<StepLog>& steps = arms.at(arm_.arm.name).steps;
  const StepLog& failing = steps.back();
  const StepLog* before = steps.size() > 1 ? &steps[steps.size() - 2] : nullptr;
  const Attribution found = attribute(arm_.arm.limits, arm_.cost_model, before, failing);
  std::string text;
  if (!failing.refusals.empty()) {
    text = fmt::format(": refused with {} at {} tasks", errno_name(failing.refusals[0]->error),
                       failing.refusals[0]->tasks);
  } else if (!failing.faults.empty()) {
    text = fmt::format(": {} {}", failing.faults[0]->target, failing.faults[0]->detail);
  }
  if (!found.limit.empty()) return text + fmt::format(" by {} ({})", found.limit, found.where);
  return failing.refusals.empty() ? text : text + " by no limit that could be proved";
}

void ServedFleet::say(const std::string& line) {
  said_ += line + "\n";
  const std::string text = line + "\n";
  [[maybe_unused]] const ssize_t unread = ::write(STDOUT_FILENO, text.data(), text.size());
}

}  // namespace ceiling
