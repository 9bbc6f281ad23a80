#include <fmt/format.h>
#include <fmt/ranges.h>

#include <utility>

#include "harness/observe/history.h"
#include "harness/predict/host_limit.h"
#include "harness/report/arms_table.h"
#include "harness/report/page.h"
#include "harness/report/recovery_table.h"
#include "harness/report/report.h"

namespace ceiling {
namespace {

Tone tone(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return Tone::good;
    case Verdict::refuted:
      return Tone::bad;
    case Verdict::unknown:
      break;
  }
  return Tone::doubtful;
}

template <typename T>
std::string or_dash(const std::optional<T>& value) {
  return value ? fmt::format("{}", *value) : "-";
}

std::string or_dash(const std::string& text) {
  return text.empty() ? "-" : text;
}

std::string guardrails(const ArmPlan& arm) {
  return arm.guardrails.empty() ? "no guardrails"
                                : fmt::format("{}", fmt::join(names_of(arm.guardrails), ", "));
}

std::string cost(const CostModel& model) {
  const bool budgeted = model.threaded_peers != ResourceCost::kAnyNumber;
  const std::string shape =
      (budgeted ? fmt::format(", for {} peers at most", model.threaded_peers) : "") +
      (model.cells > 1 ? fmt::format(", in {} cells", model.cells) : "");
  const std::string where =
      model.measured_at.empty()
          ? ""
          : fmt::format(" at {} frontends", fmt::join(model.measured_at, " and "));
  return fmt::format("a frontend is {} tasks and {} a peer{}, {}{}", model.base, model.per_peer,
                     shape, model.source, where);
}

std::string memory_line(const MemoryCost& cost) {
  return fmt::format(
      "an estimate: {} to {} bytes kept at {} frontends and {} to {} a peer count against "
      "memory.max",
      cost.least_kept, cost.most_kept, cost.fleet_size, cost.least_per_peer, cost.most_per_peer);
}

/// What a frontend costs of what the limits of its process count, a line for each that is set.
std::vector<std::string> resource_lines(const CostModel& model, const LimitPlan& limits) {
  std::vector<std::string> lines;
  for (const LimitName name : all_limits()) {
    const auto resource = counted_by(name);
    if (!resource || !limits.sets(name) || !model.resources.contains(*resource)) continue;
    const ResourceCost& found = model.resources.at(*resource);
    const std::string base = found.least_base == found.most_base
                                 ? std::to_string(found.most_base)
                                 : fmt::format("{} to {}", found.least_base, found.most_base);
    lines.push_back(fmt::format("{} {} and {} a peer count against {}", base, to_string(*resource),
                                found.per_peer, to_string(name)));
  }
  if (limits.sets(LimitName::memory_max) && model.memory)
    lines.push_back(memory_line(*model.memory));
  return lines;
}

std::string scope(LimitScope scope) {
  switch (scope) {
    case LimitScope::frontend:
      return "of each frontend";
    case LimitScope::fleet:
      return "of the whole fleet";
    case LimitScope::pid_namespace:
      return "of the pid namespace";
    case LimitScope::host:
      break;
  }
  return "of the whole host";
}

/// What the limit counts. Numbers that are taken: held, or not given out any more.
std::string unit(const Prediction& predicted) {
  return predicted.limit == LimitName::pid_max ? "numbers" : "tasks";
}

/// One size, or the range of an estimate.
std::string fleet_size(const Prediction& predicted) {
  const std::string first = or_dash(predicted.fleet_size);
  if (!predicted.fleet_size_most || predicted.fleet_size_most == predicted.fleet_size) return first;
  return fmt::format("{} to {}", first, *predicted.fleet_size_most);
}

std::string failed(const Observed& seen) {
  const int size = *seen.fleet_size;
  const std::string who = seen.frontends_failed == 1 && !seen.member.empty()
                              ? fmt::format("{} alone, of {} frontends,", seen.member, size)
                          : seen.frontends_failed == size
                              ? fmt::format("all {} frontends", size)
                              : fmt::format("{} of {} frontends", seen.frontends_failed, size);
  const char* what = seen.failure == "build"    ? "failed to build their shard-map"
                     : seen.failure == "start"  ? "failed to start"
                     : seen.failure == "killed" ? "met the OOM killer"
                     : seen.failure == "exited" ? "ended for want of memory"
                                                : "failed without saying why";
  return who + " " + what;
}

std::string first_to_fail(const Prediction& predicted) {
  return predicted.member ? member_name(*predicted.member) : "-";
}

void compare(Page& page, const char* name, const std::string& predicted,
             const std::string& observed, const std::string& note, bool differs) {
  page.line(4,
            fmt::format("{:<11} {:>13} {:>13}   {}", name, predicted, observed,
                        differs ? "DIFFERS" : note),
            differs ? Tone::bad : Tone::plain);
}

void compare(Page& page, const char* name, const std::string& predicted,
             const std::string& observed, const std::string& note) {
  compare(page, name, predicted, observed, note, predicted != observed);
}

/// The last fleet before an addition that is refused.
std::string kept_at(const std::optional<int>& refused) {
  return refused ? fmt::format("{}", *refused - 1) : "-";
}

/// Where admission is to keep the fleet, and where it did.
void admission_rows(Page& page, const Prediction& predicted, const Observed& seen) {
  const auto& one = predicted.admission;
  const auto& other = seen.admission;
  compare(page, "kept at", kept_at(one ? std::optional(one->fleet_size) : std::nullopt),
          kept_at(other ? std::optional(other->fleet_size) : std::nullopt),
          one ? fmt::format("frontends, by admission: at {} they would fail",
                            or_dash(predicted.fleet_size))
              : "frontends");
  compare(page, "limit", one ? std::string(to_string(one->limit)) : "-",
          or_dash(other ? other->limit : std::string()),
          one ? fmt::format("set to {}", one->value) : "");
  if (one && one->member)
    compare(page, "ceiling of", member_name(*one->member), or_dash(other ? other->member : ""), "");
  compare(page, "needed", one ? std::to_string(one->needed) : "-",
          other ? std::to_string(other->needed) : "-",
          other ? fmt::format("threads, {} were left", other->left) : "threads");
}

std::string met(const Ceiling& ceiling) {
  return fmt::format("at {} frontends, by {} {}", ceiling.fleet_size, to_string(ceiling.limit),
                     ceiling.value);
}

/// What became of the ceiling of a fleet that is reshaped; nothing for any other.
void ceiling_lines(Page& page, int indent, const ArmPlan& arm, const Prediction& predicted) {
  if (!arm.has(Guardrail::multiplex) && !arm.has(Guardrail::cells)) return;
  if (predicted.without)
    page.line(indent, "without the guardrails a frontend fails " + met(*predicted.without));
  if (predicted.fleet_size) return;
  page.line(indent, predicted.beyond ? "what binds next: " + met(*predicted.beyond)
                                     : fmt::format("no limit that is set binds up to {} frontends",
                                                   kLargestFleet));
}

void alarm_rows(Page& page, const ArmVerdict& arm) {
  const auto& one = arm.predicted.alarm;
  compare(page, "alarm", one ? std::to_string(one->fleet_size) : "none",
          arm.observed.alarm_step ? std::to_string(*arm.observed.alarm_step) : "none",
          one ? fmt::format("frontends: {} % of {} used, {} more fit", arm.arm.fleet.alarm_percent,
                            to_string(one->limit), one->servers_left)
              : fmt::format("up to {} frontends", arm.arm.fleet.end));
}

void table(Page& page, const ArmVerdict& arm) {
  const Prediction& predicted = arm.predicted;
  const Observed& seen = arm.observed;
  page.line(4, fmt::format("{:<11} {:>13} {:>13}", "", "predicted", "observed"));
  if (!arm.cost_model) {
    page.line(4, "no prediction could be made");
  } else if (seen.admission || (predicted.admission && !seen.fleet_size)) {
    admission_rows(page, predicted, seen);
  } else if (!predicted.fleet_size && !seen.fleet_size) {
    page.line(4, fmt::format("{:<11} {:>13} {:>13}   up to {} frontends", "failure", "none", "none",
                             arm.arm.fleet.end));
  } else if (!seen.fleet_size && arm.verdict == Verdict::unknown) {
    compare(page, "fleet size", fleet_size(predicted), "-", "not tested", false);
  } else {
    compare(page, "fleet size", fleet_size(predicted), or_dash(seen.fleet_size), "frontends",
            !fleet_size_as_predicted(predicted, seen.fleet_size));
    if (!predicted.fleet_size_most)
      compare(page, "threads", or_dash(predicted.threads), or_dash(seen.threads),
              unit(predicted) + " in the scope " + scope(predicted.scope),
              !threads_as_predicted(predicted, seen.threads, seen.fleet_size.value_or(0)));
    const bool own = predicted.scope == LimitScope::frontend;
    if (own && (predicted.member || !seen.member.empty())) {
      compare(page, "first", first_to_fail(predicted), or_dash(seen.member), "to fail");
    }
    compare(page, "limit", predicted.limit ? std::string(to_string(*predicted.limit)) : "-",
            or_dash(seen.limit), predicted.value ? fmt::format("set to {}", *predicted.value) : "");
  }
  if (!arm.cost_model) return;
  if (arm.arm.has(Guardrail::alarm)) alarm_rows(page, arm);
  ceiling_lines(page, 4, arm.arm, predicted);
  page.line(4, cost(*arm.cost_model));
  for (const std::string& line : resource_lines(*arm.cost_model, arm.arm.limits))
    page.line(4, line);
}

void attribution(Page& page, const Attribution& found) {
  if (found.limit.empty() && found.evidence.empty()) return;
  if (found.limit.empty())
    page.line(2, "refused by no limit that could be proved", Tone::doubtful);
  else
    page.line(2, fmt::format("refused by {}, {}", found.limit, found.where));
  for (const auto& [fact, value] : found.evidence)
    page.line(4, fmt::format("{:<28} {}", fact, value));
}

void invariant(Page& page, const Invariant& one) {
  const char* broken = one.judged ? "broken" : "seen";  // what is not judged is no alarm
  const char* state = !one.holds ? "unknown" : *one.holds ? "holds" : broken;
  const Tone shade = !one.judged                 ? Tone::plain
                     : !one.holds                ? Tone::doubtful
                     : one.holds.value_or(false) ? Tone::good
                                                 : Tone::bad;
  const std::string evidence = one.evidence.empty() ? "" : ": " + one.evidence;
  page.line(4,
            fmt::format("{:<8} {:<16} {} checked{}{}", state, one.name, one.checked,
                        one.judged ? "" : ", not judged here", evidence),
            shade);
}

void dependent(Page& page, const DependentVerdict& one) {
  std::vector<std::string> facts;
  if (one.after_outage_s)
    facts.push_back(fmt::format("{:.1f} s after the first refusal", *one.after_outage_s));
  else if (one.lost_at_s)
    facts.push_back(fmt::format("at {:.1f} s", *one.lost_at_s));
  if (!one.reason.empty()) facts.push_back(one.reason);
  if (!one.ended.empty()) facts.push_back("ended by " + one.ended);
  if (one.buffered > 0) facts.push_back(fmt::format("{} buffered", one.buffered));
  if (one.dropped > 0) facts.push_back(fmt::format("{} dropped", one.dropped));
  const bool differs = one.expect && one.outcome != one.expect;
  if (differs) facts.push_back(fmt::format("EXPECTED {}", to_string(*one.expect)));
  const std::string_view outcome = one.outcome ? to_string(*one.outcome) : "not seen";
  const std::string text =
      facts.empty() ? fmt::format("{:<11} {}", outcome, one.name)
                    : fmt::format("{:<11} {:<22} {}", outcome, one.name, fmt::join(facts, ", "));
  page.line(4, text, differs ? Tone::bad : Tone::plain);
}

void arm_block(Page& page, const ArmVerdict& arm) {
  page.line(0, fmt::format("arm {}: {}", arm.arm.name, to_string(arm.verdict)), tone(arm.verdict));
  page.line(2, fmt::format("outcome {}, expected {}, {}", to_string(arm.outcome),
                           to_string(arm.arm.expect), guardrails(arm.arm)));
  for (const std::string& reason : arm.reasons) page.line(2, "- " + reason, tone(arm.verdict));
  table(page, arm);
  if (arm.observed.fleet_size)
    page.line(2, failed(arm.observed) +
                     (arm.observed.error ? ": " + errno_name(arm.observed.error) : ""));
  attribution(page, arm.attribution);
  page.line(2, fmt::format("routable: {} before, {} lowest, {} after", percent(arm.routable.before),
                           percent(arm.routable.lowest), percent(arm.routable.after)));
  for (const ClientCount& one : arm.clients)
    page.line(2,
              fmt::format("client {}: {} puts acknowledged, {} failed, {} unknown; {} records read",
                          one.name, one.puts_acknowledged, one.puts_failed, one.puts_unknown,
                          one.records_read));
  if (!arm.invariants.empty()) page.line(2, "invariants");
  for (const Invariant& one : arm.invariants) invariant(page, one);
  if (!arm.dependents.empty()) page.line(2, "dependents");
  for (const DependentVerdict& one : arm.dependents) dependent(page, one);
  if (arm.recovery) recovery_line(page, *arm.recovery);
  page.blank();
}

std::string who_fails(const Prediction& predicted) {
  if (predicted.scope != LimitScope::frontend) return "at least one frontend fails";
  const std::size_t failing = predicted.failing.size();
  if (std::cmp_equal(failing, *predicted.fleet_size) && !predicted.member)
    return "every frontend fails";
  if (!predicted.member) return fmt::format("{} frontends fail", failing);
  const std::string first = member_name(*predicted.member);
  return failing == 1 ? first + " alone fails"
                      : fmt::format("{} frontends fail, {} first", failing, first);
}

void guardrail_lines(Page& page, const ArmPrediction& one) {
  if (const auto& alarm = one.predicted.alarm) {
    page.line(2, fmt::format("alarm at {} frontends, when {} of {} {} are used and {} more fit",
                             alarm->fleet_size, alarm->used, to_string(alarm->limit), alarm->value,
                             alarm->servers_left));
  }
  if (const auto& refused = one.predicted.admission) {
    page.line(
        2, fmt::format(
               "admission keeps the fleet at {}: under {} {} {} threads are left, the "
               "next frontend takes {}",
               refused->fleet_size - 1, to_string(refused->limit),
               refused->member ? "of " + member_name(*refused->member) : scope(one.predicted.scope),
               refused->left, refused->needed));
    page.line(2, "without it:");
  }
}

void prediction_block(Page& page, const ArmPrediction& one) {
  const Prediction& predicted = one.predicted;
  page.line(0, fmt::format("arm {}, {}", one.arm.name, guardrails(one.arm)));
  page.line(2, cost(one.cost_model));
  if (!predicted.doubt.empty()) {
    page.line(2, "no prediction: " + predicted.doubt, Tone::doubtful);
    return page.blank();
  }
  for (const std::string& line : resource_lines(one.cost_model, one.arm.limits)) page.line(2, line);
  guardrail_lines(page, one);
  ceiling_lines(page, 2, one.arm, predicted);
  if (!predicted.fleet_size) {
    page.line(2, fmt::format("no frontend fails up to {} frontends", one.arm.fleet.end));
    page.line(2,
              fmt::format("why: then a frontend is {} tasks and the fleet {}, and no limit {} is "
                          "below that",
                          one.cost_model.frontend_tasks(one.arm.fleet.end),
                          one.cost_model.fleet_tasks(one.arm.fleet.end), scope(predicted.scope)));
    return page.blank();
  }
  if (predicted.fleet_size_most) {
    page.line(
        2, fmt::format("at {} frontends one of them finds no memory left", fleet_size(predicted)));
    page.line(2, fmt::format("why: {} {} is {}", to_string(*predicted.limit),
                             scope(predicted.scope), or_dash(predicted.value)));
    return page.blank();
  }
  const int size = *predicted.fleet_size;
  const bool own = predicted.scope == LimitScope::frontend;
  const std::string limit(predicted.limit ? to_string(*predicted.limit) : "a limit");
  page.line(2, fmt::format("at {} frontends {}: {} refuses at {} {} in the scope {}", size,
                           who_fails(predicted), limit, or_dash(predicted.threads), unit(predicted),
                           predicted.member ? "of " + member_name(*predicted.member)
                                            : scope(predicted.scope)));
  if (const auto used = host_use_of(one.arm, one.cost_model)) {
    page.line(2,
              fmt::format("why: the fleet would need {} there, {} has {} in use, {} is {}",
                          one.cost_model.fleet_tasks(size),
                          predicted.scope == LimitScope::host ? "the host" : "the namespace itself",
                          *used, limit, or_dash(predicted.value)));
    return page.blank();
  }
  if (predicted.limit && counted_by(*predicted.limit)) {
    const ResourceCost& found = one.cost_model.resources.at(*counted_by(*predicted.limit));
    page.line(
        2, fmt::format("why: a frontend would need {} {}, {} is {}",
                       found.least(one.cost_model.cell_size(size)),
                       to_string(*counted_by(*predicted.limit)), limit, or_dash(predicted.value)));
    return page.blank();
  }
  page.line(2, fmt::format(
                   "why: {} would need {} tasks there, {} is {}", own ? "a frontend" : "the fleet",
                   own ? one.cost_model.frontend_tasks(size) : one.cost_model.fleet_tasks(size),
                   limit, or_dash(predicted.value)));
  page.blank();
}

}  // namespace

std::string result_text(const RunVerdict& verdict, bool colour) {
  Page page(colour);
  page.line(0, fmt::format("experiment {}, {:.1f} s", verdict.experiment, verdict.elapsed_s));
  page.blank();
  for (const ArmVerdict& arm : verdict.arms) arm_block(page, arm);
  if (verdict.arms.size() > 1) arms_table(page, verdict.arms);
  recovery_table(page, verdict.arms);
  if (!verdict.damage.empty()) {
    page.line(0, "the history is damaged", Tone::doubtful);
    for (const std::string& damage : verdict.damage) page.line(2, "- " + damage);
    page.blank();
  }
  page.line(0, fmt::format("verdict: {}", to_string(verdict.verdict)), tone(verdict.verdict));
  return page.text();
}

std::string predict_text(const Experiment& experiment, const std::vector<ArmPrediction>& arms,
                         bool colour) {
  Page page(colour);
  page.line(0, "experiment " + experiment.name);
  page.blank();
  for (const ArmPrediction& arm : arms) prediction_block(page, arm);
  return page.text();
}

}  // namespace ceiling
