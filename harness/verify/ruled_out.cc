#include "harness/verify/ruled_out.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "harness/verify/attribution.h"

namespace ceiling {
namespace {

/// One of each scope; none where one is missing.
std::vector<const SampleEvent*> samples_of(LimitName limit, const std::vector<std::string>& scopes,
                                           const StepLog& failing) {
  std::vector<const SampleEvent*> samples;
  for (const std::string& scope : scopes) {
    const SampleEvent* sample = failing.sample(scope, to_string(limit));
    if (!sample || !sample->value) return {};
    samples.push_back(sample);
  }
  return samples;
}

std::string in_scopes(std::size_t count, const char* what) {
  return count == 1 ? "" : fmt::format(" in each of {} {}", count, what);
}

std::string tasks_left(const std::vector<const SampleEvent*>& samples) {
  const auto left = [](const SampleEvent* one) { return *one->value - one->tasks; };
  const SampleEvent* fullest = *std::ranges::min_element(samples, {}, left);
  if (left(fullest) < 1) return "";
  return fmt::format("{} of {} tasks at most, {} left{}", fullest->tasks, *fullest->value,
                     left(fullest), in_scopes(samples.size(), "scopes"));
}

std::string room_left(const std::vector<const SampleEvent*>& samples, std::int64_t thread) {
  const auto left = [](const SampleEvent* one) {
    return *one->value - one->used.value_or(*one->value);
  };
  const SampleEvent* fullest = *std::ranges::min_element(samples, {}, left);
  if (thread < 1 || left(fullest) < thread) return "";
  return fmt::format("{} of {} in use at most, room for {} more threads{}", *fullest->used,
                     *fullest->value, left(fullest) / thread,
                     in_scopes(samples.size(), "processes"));
}

/// What one thread takes of what the limit counts; 0: that is not known.
std::int64_t thread_cost(LimitName limit, const std::optional<CostModel>& model) {
  if (!model || model->per_peer == 0) return 0;
  const auto cost = model->resources.find(*counted_by(limit));
  return cost == model->resources.end() ? 0 : cost->second.per_peer / model->per_peer;
}

}  // namespace

std::map<std::string, std::string> ruled_out(const LimitPlan& limits,
                                             const std::optional<CostModel>& model,
                                             const Attribution& found, const StepLog& failing) {
  std::map<std::string, std::string> innocent;
  if (found.limit.empty()) return innocent;
  const std::vector<std::string> scopes = limited_scopes(limits, failing);
  for (const LimitName limit : limits.names()) {
    const bool of_tasks = limit == LimitName::pids_max || limit == LimitName::rlimit_nproc;
    if (found.limit == to_string(limit) || (!of_tasks && !counted_by(limit))) continue;
    const auto samples = samples_of(limit, scopes, failing);
    if (samples.empty()) continue;
    std::string evidence =
        of_tasks ? tasks_left(samples) : room_left(samples, thread_cost(limit, model));
    if (evidence.empty()) continue;
    const auto probe = found.evidence.find("clone right after");
    if (!of_tasks && probe != found.evidence.end())
      evidence += ", clone right after: " + probe->second;
    innocent.emplace(to_string(limit), std::move(evidence));
  }
  return innocent;
}

}  // namespace ceiling
