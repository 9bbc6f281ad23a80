#include <fmt/format.h>

#include <functional>
#include <set>
#include <utility>
#include <vector>

#include "harness/report/check.h"
#include "harness/report/prometheus.h"
#include "harness/report/series.h"

namespace ceiling {
namespace {

PrometheusLabels labels_of(const Answer& answer) {
  return {{"target", answer.subject.selector.text()}};
}

PrometheusLabels labels_of(const Answer& answer, const Limit& limit) {
  PrometheusLabels labels = labels_of(answer);
  labels.emplace_back("limit", limit.name);
  labels.emplace_back("scope", steady_scope(limit));
  return labels;
}

/// `add` for every limit that can refuse a thread and of which something is known.
void each_known(std::span<const Answer> answers,
                const std::function<void(const PrometheusLabels&, const Limit&)>& add) {
  for (const Answer& answer : answers) {
    for (const Row& row : answer.rows) {
      const Limit& limit = row.limit;
      if (!limit.applies || limit.certainty == Certainty::unknown) continue;
      add(labels_of(answer, limit), limit);
    }
  }
}

/// A metric has one unit: a limit on tasks and one on bytes are two.
std::string values(std::span<const Answer> answers) {
  std::set<std::string> units;
  each_known(answers,
             [&](const PrometheusLabels&, const Limit& limit) { units.insert(limit.unit); });
  std::string text;
  for (const std::string& unit : units) {
    PrometheusMetric value("ceiling_limit_" + unit, "Value of the limit; +Inf: unlimited.");
    PrometheusMetric used("ceiling_limit_used_" + unit, "What of the limit is in use.");
    each_known(answers, [&](const PrometheusLabels& labels, const Limit& limit) {
      if (limit.unit != unit) return;
      value.add(labels, limit.value);
      if (limit.value) used.add(labels, limit.used);
    });
    text += value.text() + used.text();
  }
  return text;
}

std::string room(std::span<const Answer> answers) {
  PrometheusMetric least("ceiling_limit_threads_left_at_least",
                         "Threads that the limit surely allows; +Inf: any number.");
  PrometheusMetric most(
      "ceiling_limit_threads_left_at_most",
      "The limit surely refuses more threads than this; +Inf: that cannot be said.");
  each_known(answers, [&](const PrometheusLabels& labels, const Limit& limit) {
    least.add(labels, limit.at_least());
    most.add(labels, limit.at_most());
  });
  return least.text() + most.text();
}

std::string whole(std::span<const Answer> answers) {
  PrometheusMetric left(
      "ceiling_threads_left",
      "Threads left by the binding limit, by its bound where it is one; +Inf: none binds.");
  PrometheusMetric binding("ceiling_binding_limit_info",
                           "The limit that a new thread meets first.");
  PrometheusMetric required("ceiling_threads_required", "Threads that are needed.");
  PrometheusMetric fleet("ceiling_largest_fleet_members",
                         "Members of the largest fleet that fits.");
  PrometheusMetric verdict("ceiling_check_verdict",
                           "1 for what the check says, 0 for what it does not.");
  for (const Answer& answer : answers) {
    const PrometheusLabels labels = labels_of(answer);
    const bool unseen = !answer.binds && !answer.unseen.empty();
    if (!unseen) left.add(labels, answer.threads_left);
    if (answer.binds) binding.add(labels_of(answer, answer.rows.front().limit), "1");
    if (const auto needed = answer.need.required()) required.add(labels, needed);
    if (!unseen && answer.need.threads_per_peer > 0) fleet.add(labels, answer.largest_fleet);
    for (const Fit fit : {Fit::holds, Fit::exceeded, Fit::unknown}) {
      PrometheusLabels one = labels;
      one.emplace_back("verdict", to_string(fit));
      verdict.add(one, answer.verdict == fit ? "1" : "0");
    }
  }
  return left.text() + binding.text() + required.text() + fleet.text() + verdict.text();
}

}  // namespace

std::string check_prometheus(std::span<const Answer> answers) {
  return whole(answers) + room(answers) + values(answers);
}

}  // namespace ceiling
