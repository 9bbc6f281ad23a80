#include "harness/check/answer.h"

#include <fmt/format.h>

#include <algorithm>

#include "harness/check/what_if.h"
#include "harness/configs/remedy.h"

namespace ceiling {
namespace {

/// Enough for every limit, and far from the end of 64 bits.
constexpr std::int64_t kGreatest = std::int64_t{1} << 50;

std::string more_threads(std::int64_t count, const char* one, const char* several) {
  return fmt::format("{} more thread{} {}", count, count == 1 ? "" : "s",
                     count == 1 ? one : several);
}

Fit fit_of(const Limit& row, std::int64_t needed) {
  if (row.at_least().value_or(needed) >= needed) return Fit::holds;
  return row.at_most().value_or(needed) < needed ? Fit::exceeded : Fit::unknown;
}

const Limit* same_row(const Headroom& found, const Limit& row) {
  const auto same = std::find_if(found.limits.begin(), found.limits.end(), [&](const Limit& other) {
    return other.name == row.name && other.scope == row.scope;
  });
  return same == found.limits.end() ? nullptr : &*same;
}

/// The least value of `row` with which it allows `needed` threads, by the rules themselves; nothing
/// where no value does.
std::optional<std::int64_t> least_value(const Subject& subject, const Question& question,
                                        const Limit& row, std::int64_t needed) {
  const auto allows = [&](std::int64_t value) {
    Facts facts = subject.facts;
    set_limit(facts, row.name, row.scope, value);
    const Headroom changed = headroom(facts, question);
    const Limit* same = same_row(changed, row);
    if (same == nullptr || !same->applies || !same->threads_left) return false;
    return std::max(same->at_least().value_or(0), *same->threads_left - same->error) >= needed;
  };
  if (!allows(kGreatest)) return std::nullopt;
  std::int64_t refuses = -1;
  std::int64_t enough = kGreatest;
  while (enough - refuses > 1) {
    const std::int64_t middle = refuses + (enough - refuses) / 2;
    (allows(middle) ? enough : refuses) = middle;
  }
  return enough;
}

/// What to type so that the row allows what is needed; where it does already, an example: twice its
/// value.
std::string remedy_of(const Subject& subject, const Question& question, const Row& row,
                      const Origin& origin, std::int64_t needed) {
  const Limit& limit = row.limit;
  if (!limit.value) return "";
  RemedyQuestion asked;
  asked.limit = limit.name;
  asked.scope = limit.scope;
  asked.where = limit.where;
  asked.origin = origin;
  asked.unit = subject.unit;
  asked.user = subject.user;
  asked.pid =
      subject.selector.kind == Selector::Kind::pid || subject.selector.kind == Selector::Kind::unit
          ? subject.facts.place.pid
          : 0;
  if (limit.name != "vm.overcommit_memory") {
    const auto value = row.fit == Fit::holds ? std::min(kGreatest, *limit.value) * 2
                                             : least_value(subject, question, limit, needed);
    // A bound that leaves it open is not mended by a value that is in force already.
    if (!value || *value <= *limit.value) return "";
    asked.needed = *value;
  }
  return remedy(asked);
}

Origin origin_of(const Subject& subject, const Limit& row) {
  for (const Setting& setting : subject.settings) {
    if (setting.limit == row.name && setting.scope == row.scope) return setting.origin;
  }
  return {};
}

std::vector<std::string> unseen_of(const Headroom& found) {
  std::vector<std::string> unseen;
  for (const Limit& row : found.limits) {
    if (row.applies && row.certainty == Certainty::unknown) {
      unseen.push_back(place_of(row) + ": " + row.note);
    }
  }
  const HostFacts& host = found.facts.host;
  if (!host.hidden.empty()) unseen.push_back(host.hidden + " of /proc hides processes of others");
  return unseen;
}

std::string reason_of(const Answer& answer, std::int64_t needed) {
  const auto with = [&](Fit fit) {
    return std::find_if(answer.rows.begin(), answer.rows.end(),
                        [&](const Row& row) { return row.fit == fit; });
  };
  if (answer.verdict == Fit::holds) return more_threads(needed, "fits", "fit");
  const Limit& row = with(answer.verdict)->limit;
  const std::string wanted = more_threads(needed, "is needed", "are needed");
  if (answer.verdict == Fit::exceeded) {
    return fmt::format("{}, {} allows {}{}", wanted, place_of(row), row.exact() ? "" : "at most ",
                       *row.at_most());
  }
  return fmt::format("{}, and {} leaves open whether they fit: {}", wanted, place_of(row),
                     row.note.empty() ? to_string(row.certainty) : row.note);
}

}  // namespace

std::string place_of(const Limit& row) {
  return row.scope == "host" ? row.name : fmt::format("{} of {}", row.name, row.scope);
}

std::string_view to_string(Fit fit) {
  switch (fit) {
    case Fit::holds:
      return "holds";
    case Fit::exceeded:
      return "exceeded";
    case Fit::unknown:
      break;
  }
  return "unknown";
}

Fit worse(Fit a, Fit b) {
  if (a == Fit::exceeded || b == Fit::exceeded) return Fit::exceeded;
  return a == Fit::unknown || b == Fit::unknown ? Fit::unknown : Fit::holds;
}

std::optional<std::int64_t> Need::required() const {
  if (threads) return threads;
  if (peers) return (*peers - 1) * threads_per_peer;
  return std::nullopt;
}

Answer answer(const Subject& subject, const Need& need) {
  const Question question{
      .stack = need.stack, .probe = false, .threads_per_peer = need.threads_per_peer};
  const Headroom found = headroom(subject.facts, question);
  const std::int64_t needed = need.required().value_or(1);
  Answer given;
  given.subject = subject;
  given.need = need;
  given.thread = found.thread;
  given.binds = found.binding() != nullptr;
  given.threads_left = found.threads_left();
  if (need.threads_per_peer > 0 && given.threads_left) {
    given.largest_fleet = *given.threads_left / need.threads_per_peer + 1;
  }
  given.verdict = Fit::holds;
  for (const Limit& limit : found.limits) {
    Row row;
    row.limit = limit;
    row.fit = fit_of(limit, needed);
    const Origin origin = origin_of(subject, limit);
    row.set_by = origin.text;
    const bool binding = given.binds && given.rows.empty();
    if (binding || row.fit != Fit::holds) {
      row.remedy = remedy_of(subject, question, row, origin, needed);
    }
    given.verdict = worse(given.verdict, row.fit);
    given.rows.push_back(std::move(row));
  }
  given.reason = reason_of(given, needed);
  given.unseen = unseen_of(found);
  return given;
}

}  // namespace ceiling
