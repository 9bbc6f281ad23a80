#include <fmt/format.h>

#include "harness/report/check.h"
#include "harness/report/junit.h"
#include "harness/report/series.h"

namespace ceiling {
namespace {

/// What a person needs who sees only this test case.
std::string details(const Answer& answer, const Row& row) {
  std::string text = answer.reason + "\n";
  if (!row.limit.note.empty()) text += row.limit.note + "\n";
  if (!row.set_by.empty()) text += "set by " + row.set_by + "\n";
  if (!row.remedy.empty()) text += "to raise it: " + row.remedy + "\n";
  return text;
}

std::string left(const Limit& limit) {
  if (limit.certainty == Certainty::unknown) return limit.note;
  return fmt::format("{} more threads ({})", limit.threads_left.value_or(0),
                     to_string(limit.certainty));
}

void add_row(JunitCases& cases, const Answer& answer, const Row& row) {
  const std::string target = answer.subject.selector.text();
  Limit named = row.limit;
  named.scope = steady_scope(row.limit);
  const std::string name = place_of(named);
  if (!row.limit.applies) return cases.add(target, name, "skipped", row.limit.note);
  if (row.fit == Fit::holds) return cases.add(target, name, "", "");
  cases.add(target, name, row.fit == Fit::exceeded ? "failure" : "error", left(row.limit),
            details(answer, row));
}

void add_proof(JunitCases& cases, const Answer& answer, const Proof& proof) {
  const bool confirmed = proof.verdict == Verdict::confirmed;
  const char* element = confirmed ? "" : proof.verdict == Verdict::refuted ? "failure" : "error";
  cases.add(answer.subject.selector.text(), "proof", element, proof.reason,
            proof_text(proof, false));
}

}  // namespace

std::string check_junit(std::span<const Answer> answers, const Proof* proof) {
  JunitCases all;
  for (const Answer& answer : answers) {
    JunitCases cases;
    for (const Row& row : answer.rows) add_row(cases, answer, row);
    if (proof != nullptr) add_proof(cases, answer, *proof);
    all.add(cases.suite(answer.subject.selector.text()));
  }
  return all.document("ceiling check");
}

}  // namespace ceiling
