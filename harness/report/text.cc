#include <fmt/format.h>

#include "harness/observe/history.h"
#include "harness/predict/host_limit.h"
#include "harness/report/arms_table.h"
#include "harness/report/page.h"
#include "harness/report/recovery_table.h"
#include "harness/report/report.h"
#include "harness/report/words.h"

namespace ceiling {
namespace {

using words::ceilings;
using words::cost;
using words::fleet_size;
using words::guardrails;
using words::or_dash;
using words::resource_lines;
using words::scope;
using words::unit;

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
  const std::string_view taken =
      words::taken_under(one ? to_string(one->limit) : std::string_view(other->limit));
  compare(page, "needed", one ? std::to_string(one->needed) : "-",
          other ? std::to_string(other->needed) : "-",
          other ? fmt::format("{}, {} were left", taken, other->left) : std::string(taken));
}

void alarm_rows(Page& page, const ArmVerdict& arm) {
  const auto& one = arm.predicted.alarm;
  compare(page, "alarm", one ? std::to_string(one->fleet_size) : "none",
          arm.observed.alarm_step ? std::to_string(*arm.observed.alarm_step) : "none",
          one ? fmt::format("frontends: {} % of {} used, {} more fit{}",
                            arm.arm.fleet.alarm_percent, to_string(one->limit), one->servers_left,
                            one->in_cell ? " in that cell" : "")
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
              unit(predicted) + (predicted.of_cache ? " of each cache server"
                                                    : " in the scope " + scope(predicted.scope)),
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
  for (const std::string& line : ceilings(arm.arm, predicted)) page.line(4, line);
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
  if (!found.ruled_out.empty()) page.line(2, "ruled out");
  for (const auto& [limit, evidence] : found.ruled_out)
    page.line(4, fmt::format("{:<28} {}", limit, evidence));
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
  if (one.back == false) facts.emplace_back("not back after the recovery");
  if (one.back_after_s)
    facts.push_back(fmt::format("back {:.1f} s after the removal", *one.back_after_s));
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

}  // namespace ceiling
