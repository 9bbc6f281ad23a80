#include <fmt/format.h>

#include <algorithm>

#include "harness/observe/history.h"
#include "harness/prove/measurement.h"

namespace ceiling {
namespace {

/// The least of what the rows say, those that say nothing left out.
template <typename Says>
std::optional<std::int64_t> least(const std::vector<Limit>& rows, Says says) {
  std::optional<std::int64_t> least;
  for (const Limit& row : rows) {
    const std::optional<std::int64_t> said = says(row);
    if (said) least = std::min(least.value_or(*said), *said);
  }
  return least;
}

bool allows(const Limit& row, std::int64_t made) {
  const auto fewest = row.at_least();
  const auto most = row.at_most();
  return fewest && *fewest <= made && (!most || made <= *most);
}

/// What is wrong with how many were made.
std::string wrong_count(const Measurement& measured) {
  const auto fewest = at_least(measured.predicted);
  const auto most = at_most(measured.predicted);
  if (most && measured.made > *most) {
    return fmt::format("{} threads were made, at most {} were predicted", measured.made, *most);
  }
  if (measured.error == 0) return "";
  if (!fewest) return fmt::format("refused after {}, and nothing was to refuse", measured.made);
  if (measured.made < *fewest) {
    return fmt::format("refused after {}, at least {} were predicted", measured.made, *fewest);
  }
  return "";
}

/// What is wrong with who refused: the first row that allows exactly that many is to be it.
std::string wrong_limit(const Measurement& measured, const Attribution& by) {
  const auto expected = std::find_if(measured.predicted.begin(), measured.predicted.end(),
                                     [&](const Limit& row) { return allows(row, measured.made); });
  const auto found =
      std::find_if(measured.predicted.begin(), measured.predicted.end(),
                   [&](const Limit& row) { return row.name == by.limit && row.where == by.where; });
  if (found == measured.predicted.end() || !allows(*found, measured.made)) {
    return fmt::format("{} ({}) refused after {}, it was predicted otherwise", by.limit, by.where,
                       measured.made);
  }
  if (expected->exact() && found != expected) {
    return fmt::format("{} ({}) refused, {} ({}) was predicted", by.limit, by.where, expected->name,
                       expected->where);
  }
  return "";
}

std::string wrong_errno(const Measurement& measured) {
  const auto says_so = [&](const Limit& row) {
    return allows(row, measured.made) && row.refusal_errno == measured.error;
  };
  if (std::any_of(measured.predicted.begin(), measured.predicted.end(), says_so)) return "";
  return fmt::format("{} was returned, no limit of {} threads returns that",
                     errno_name(measured.error), measured.made);
}

}  // namespace

std::optional<std::int64_t> at_least(const std::vector<Limit>& rows) {
  return least(rows, [](const Limit& row) { return row.at_least(); });
}

std::optional<std::int64_t> at_most(const std::vector<Limit>& rows) {
  return least(rows, [](const Limit& row) { return row.at_most(); });
}

Judgement judge(const Measurement& measured) {
  Judgement judged;
  judged.attribution = attribute(measured);
  judged.reason = wrong_count(measured);
  if (!judged.reason.empty()) {
    judged.verdict = Verdict::refuted;
    return judged;
  }
  if (measured.error == 0) {
    judged.reason = fmt::format("not reached: none of {} threads was refused", measured.made);
    return judged;
  }
  judged.reason = wrong_errno(measured);
  if (!judged.reason.empty()) {
    judged.verdict = Verdict::refuted;
    return judged;
  }
  if (judged.attribution.limit.empty()) {
    judged.reason = "no limit can be told from the evidence";
    return judged;
  }
  judged.reason = wrong_limit(measured, judged.attribution);
  judged.verdict = judged.reason.empty() ? Verdict::confirmed : Verdict::refuted;
  return judged;
}

}  // namespace ceiling
