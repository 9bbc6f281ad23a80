#include <fmt/format.h>

#include "harness/observe/history.h"
#include "harness/report/check.h"
#include "harness/report/page.h"

namespace ceiling {
namespace {

constexpr std::size_t kColumns = 80;

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

std::string predicted(const Proof& proof) {
  if (!proof.predicted_least) return "no limit predicted";
  if (proof.predicted_least == proof.predicted_most) {
    return fmt::format("{} predicted", *proof.predicted_least);
  }
  if (!proof.predicted_most) return fmt::format("at least {} predicted", *proof.predicted_least);
  return fmt::format("{} to {} predicted", *proof.predicted_least, *proof.predicted_most);
}

}  // namespace

std::string proof_text(const Proof& proof, bool colour) {
  Page page(colour, kColumns);
  page.blank();
  page.line(0,
            fmt::format("proof: {}{}", to_string(proof.verdict),
                        proof.reason.empty() ? "" : ": " + proof.reason),
            tone(proof.verdict));
  page.line(2, fmt::format("in a copy of this place a testee made {} threads, {}", proof.made,
                           predicted(proof)));
  if (proof.error != 0) {
    const Attribution& by = proof.attribution;
    page.line(2, fmt::format("the next one: {}, by {}", errno_name(proof.error),
                             by.limit.empty() ? "no limit that could be proved"
                                              : by.limit + ", " + by.where));
  }
  for (const auto& [fact, value] : proof.attribution.evidence) page.line(4, fact + ": " + value);
  return page.text();
}

}  // namespace ceiling
