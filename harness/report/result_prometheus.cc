#include <fmt/format.h>

#include <initializer_list>

#include "harness/report/prometheus.h"
#include "harness/report/report.h"

namespace ceiling {
namespace {

constexpr std::initializer_list<Verdict> kVerdicts = {Verdict::confirmed, Verdict::refuted,
                                                      Verdict::unknown};

PrometheusLabels with(PrometheusLabels labels, std::string_view name, std::string_view value) {
  labels.emplace_back(name, value);
  return labels;
}

void add(PrometheusMetric& metric, const PrometheusLabels& labels, Verdict verdict) {
  for (const Verdict one : kVerdicts)
    metric.add(with(labels, "verdict", to_string(one)), one == verdict ? "1" : "0");
}

template <typename T>
void add(PrometheusMetric& metric, const PrometheusLabels& labels, const std::optional<T>& value) {
  if (value) metric.add(labels, fmt::format("{}", *value));
}

PrometheusLabels labels_of(const RunVerdict& run) {
  return {{"experiment", run.experiment}};
}
PrometheusLabels labels_of(const RunVerdict& run, const ArmVerdict& arm) {
  return with(labels_of(run), "arm", arm.arm.name);
}

std::string ends(const RunVerdict& run) {
  PrometheusMetric predicted("ceiling_arm_predicted_fleet_members",
                             "Fleet size at which a frontend was to fail first.");
  PrometheusMetric observed("ceiling_arm_observed_fleet_members",
                            "Fleet size at which a frontend failed first.");
  PrometheusMetric threads("ceiling_arm_predicted_threads",
                           "Tasks in the scope of the limit at the predicted refusal.");
  PrometheusMetric counted("ceiling_arm_observed_threads",
                           "Tasks in the scope of the limit at the first refusal.");
  for (const ArmVerdict& arm : run.arms) {
    const PrometheusLabels labels = labels_of(run, arm);
    add(predicted, labels, arm.predicted.fleet_size);
    add(observed, labels, arm.observed.fleet_size);
    add(threads, labels, arm.predicted.threads);
    add(counted, labels, arm.observed.threads);
  }
  return predicted.text() + observed.text() + threads.text() + counted.text();
}

std::string routable(const RunVerdict& run) {
  PrometheusMetric share("ceiling_arm_routable_ratio",
                         "Share of pairs of shard and frontend that serve: before the failure, the "
                         "lowest from there on, at the end.");
  for (const ArmVerdict& arm : run.arms) {
    const PrometheusLabels labels = labels_of(run, arm);
    add(share, with(labels, "when", "before"), arm.routable.before);
    add(share, with(labels, "when", "lowest"), arm.routable.lowest);
    add(share, with(labels, "when", "after"), arm.routable.after);
  }
  return share.text();
}

std::string invariants(const RunVerdict& run) {
  PrometheusMetric holds("ceiling_arm_invariant_holds",
                         "1: it holds, 0: it is broken; missing: unknown, or not judged here.");
  for (const ArmVerdict& arm : run.arms) {
    for (const Invariant& one : arm.invariants) {
      if (!one.judged || !one.holds) continue;
      holds.add(with(labels_of(run, arm), "invariant", one.name), *one.holds ? "1" : "0");
    }
  }
  return holds.text();
}

}  // namespace

std::string result_prometheus(const RunVerdict& run) {
  PrometheusMetric verdict("ceiling_run_verdict",
                           "1 for the verdict of the run, 0 for the others.");
  add(verdict, labels_of(run), run.verdict);
  PrometheusMetric elapsed("ceiling_run_elapsed_seconds", "How long the run took.");
  elapsed.add(labels_of(run), fmt::format("{}", run.elapsed_s));
  PrometheusMetric arms("ceiling_arm_verdict", "1 for the verdict of the arm, 0 for the others.");
  for (const ArmVerdict& arm : run.arms) add(arms, labels_of(run, arm), arm.verdict);
  return verdict.text() + elapsed.text() + arms.text() + ends(run) + routable(run) +
         invariants(run);
}

}  // namespace ceiling
