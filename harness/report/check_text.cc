#include <fmt/format.h>

#include <array>
#include <utility>

#include "harness/observe/history.h"
#include "harness/report/check.h"
#include "harness/report/page.h"

namespace ceiling {
namespace {

constexpr std::size_t kColumns = 80;

Tone tone(Fit fit) {
  switch (fit) {
    case Fit::holds:
      return Tone::good;
    case Fit::exceeded:
      return Tone::bad;
    case Fit::unknown:
      break;
  }
  return Tone::doubtful;
}

/// Exact: the largest unit of which it is a whole number.
std::string amount(std::int64_t number, const std::string& unit) {
  if (unit != "bytes") return fmt::format("{}", number);
  constexpr std::array<std::pair<int, const char*>, 3> kUnits = {
      {{30, "GiB"}, {20, "MiB"}, {10, "KiB"}}};
  for (const auto& [shift, name] : kUnits) {
    const std::int64_t one = std::int64_t{1} << shift;
    if (number >= one && number % one == 0) return fmt::format("{} {}", number / one, name);
  }
  return fmt::format("{} B", number);
}

std::string left(const Limit& row) {
  if (!row.applies) return "-";
  if (row.certainty == Certainty::unknown) return "unknown";
  if (!row.threads_left) return "no limit";
  switch (row.certainty) {
    case Certainty::at_least:
      return fmt::format(">= {}", *row.threads_left);
    case Certainty::at_most:
      return fmt::format("<= {}", *row.threads_left);
    case Certainty::estimate:
      return fmt::format("{} +- {}", *row.threads_left, row.error);
    default:
      return fmt::format("{}", *row.threads_left);
  }
}

std::string value(const Limit& row) {
  if (row.value) return amount(*row.value, row.unit);
  if (row.certainty == Certainty::unknown) return "?";
  return row.applies ? "unlimited" : "-";
}

void limit_row(Page& page, const Row& row, bool binding) {
  const Limit& limit = row.limit;
  const bool counted = limit.applies && limit.certainty != Certainty::unknown && limit.value;
  page.line(2,
            fmt::format("{:<20} {:>15} {:>15} {:>20}", limit.name, value(limit),
                        counted ? amount(limit.used, limit.unit) : "-", left(limit)),
            row.fit != Fit::holds ? tone(row.fit) : Tone::plain);
  if (limit.name == "pids.max" || limit.name == "memory.max") page.line(4, "of " + limit.scope);
  if (!limit.note.empty()) page.line(4, limit.note);
  if (!row.set_by.empty() && limit.applies) page.line(4, "set by " + row.set_by);
  if (!row.remedy.empty()) page.line(4, "to raise it: " + row.remedy);
  if (binding && !limit.trace.empty()) page.line(4, "seen as: " + limit.trace);
}

void headline(Page& page, const Answer& answer) {
  const HostFacts& host = answer.subject.facts.host;
  const PlaceFacts& place = answer.subject.facts.place;
  const std::string process = place.pid == 0 ? "no process yet" : fmt::format("pid {}", place.pid);
  page.line(0, fmt::format("{}: {}, uid {}, on Linux {}, {}, {}", answer.subject.selector.text(),
                           process, place.uid, host.kernel, host.hierarchy, host.libc));
  if (!answer.subject.snapshot.empty()) page.line(0, "snapshot of " + answer.subject.snapshot);
  if (!host.other_kernel.empty()) {
    page.line(0, host.other_kernel + " is no Linux: it has rules of its own", Tone::doubtful);
  }
}

std::string share(const Answer& answer) {
  if (!answer.binds) {
    return answer.unseen.empty() ? "no limit binds" : "no limit that could be seen binds";
  }
  const Limit& first = answer.rows.front().limit;
  const std::string error =
      first.refusal_errno == 0 ? "the OOM killer ends it" : errno_name(first.refusal_errno);
  return fmt::format("{} more threads of {} stack, then {} refuses: {}", left(first),
                     amount(answer.thread.stack, "bytes"), first.name, error);
}

void fleet(Page& page, const Answer& answer) {
  if (answer.need.threads_per_peer == 0) return;
  const std::string without = answer.unseen.empty() ? "not limited" : "unknown";
  const std::string largest =
      answer.largest_fleet ? fmt::format("{} members", *answer.largest_fleet) : without;
  page.line(
      0, fmt::format("largest fleet at {} threads a peer: {}{}", answer.need.threads_per_peer,
                     largest, answer.binds ? ", ended by " + answer.rows.front().limit.name : ""));
}

}  // namespace

std::string policy_text(const Policy& policy, std::span<const Answer> answers, bool colour) {
  std::string details;
  Page page(colour, kColumns);
  page.line(0, fmt::format("policy {}: {} targets", policy.name, answers.size()));
  std::size_t held = 0;
  for (const Answer& answer : answers) {
    page.line(2,
              fmt::format("{:<9} {}: {}", to_string(answer.verdict), answer.subject.selector.text(),
                          answer.reason),
              tone(answer.verdict));
    held += answer.verdict == Fit::holds ? 1 : 0;
    if (answer.verdict != Fit::holds) details += check_text(answer, colour) + "\n";
  }
  page.blank();
  Page end(colour, kColumns);
  const Fit verdict = verdict_of(answers);
  end.line(0,
           fmt::format("verdict: {}: {} of {} targets have the room that they need",
                       to_string(verdict), held, answers.size()),
           tone(verdict));
  return page.text() + details + end.text();
}

std::string check_text(const Answer& answer, bool colour) {
  Page page(colour, kColumns);
  headline(page, answer);
  page.line(0, share(answer));
  fleet(page, answer);
  page.blank();
  page.line(2,
            fmt::format("{:<20} {:>15} {:>15} {:>20}", "limit", "value", "used", "threads left"));
  bool binding = answer.binds;
  for (const Row& row : answer.rows) {
    limit_row(page, row, binding);
    binding = false;
  }
  page.blank();
  if (!answer.unseen.empty()) {
    page.line(0, "not seen");
    for (const std::string& what : answer.unseen) page.line(2, what, Tone::doubtful);
    page.blank();
  }
  page.line(0, fmt::format("verdict: {}: {}", to_string(answer.verdict), answer.reason),
            tone(answer.verdict));
  return page.text();
}

}  // namespace ceiling
