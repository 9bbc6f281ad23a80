#include <fmt/format.h>
#include <fmt/ranges.h>

#include "harness/report/junit.h"
#include "harness/report/page.h"
#include "harness/report/report.h"

namespace ceiling {
namespace {

/// What is unknown is an error: a skipped test passes.
const char* element(Verdict verdict) {
  switch (verdict) {
    case Verdict::confirmed:
      return "";
    case Verdict::refuted:
      return "failure";
    case Verdict::unknown:
      break;
  }
  return "error";
}

void add(JunitCases& cases, const std::string& target, const Invariant& one) {
  if (!one.judged) return cases.add(target, one.name, "skipped", "reported only: " + one.evidence);
  const Verdict verdict = !one.holds   ? Verdict::unknown
                          : *one.holds ? Verdict::confirmed
                                       : Verdict::refuted;
  cases.add(target, one.name, element(verdict), one.evidence,
            fmt::format("{} checked", one.checked));
}

JunitCases cases_of(const std::string& target, const ArmVerdict& arm) {
  JunitCases cases;
  cases.add(target, "arm", element(arm.verdict),
            fmt::format("{}: outcome {}, expected {}", to_string(arm.verdict),
                        to_string(arm.outcome), to_string(arm.arm.expect)),
            fmt::format("{}\nroutable: {} before, {} lowest, {} after\n",
                        fmt::join(arm.reasons, "\n"), percent(arm.routable.before),
                        percent(arm.routable.lowest), percent(arm.routable.after)));
  for (const Invariant& one : arm.invariants) add(cases, target, one);
  return cases;
}

}  // namespace

std::string result_junit(const RunVerdict& verdict) {
  JunitCases all;
  JunitCases history;
  history.add(verdict.experiment, "history", verdict.damage.empty() ? "" : "error",
              "the history is damaged", fmt::format("{}\n", fmt::join(verdict.damage, "\n")));
  all.add(history.suite(verdict.experiment));
  for (const ArmVerdict& arm : verdict.arms) {
    const std::string target = verdict.experiment + "." + arm.arm.name;
    all.add(cases_of(target, arm).suite(target));
  }
  return all.document("ceiling run");
}

}  // namespace ceiling
