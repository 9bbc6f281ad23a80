#include "harness/report/find.h"
#include "harness/report/json_values.h"

namespace ceiling {
namespace {

OrderedJson trial_json(const FindTrial& trial) {
  return {{"value", or_null(trial.value)},
          {"outcome", to_string(trial.outcome)},
          {"why", trial.why},
          {"status", or_null(trial.status)},
          {"signal", or_null(trial.signal)},
          {"refusals", or_null(trial.refusals)},
          {"peak", trial.peak},
          {"ready_s", trial.ready_s},
          {"probe_s", trial.probe_s},
          {"elapsed_s", trial.elapsed_s},
          {"last_line", trial.last_lines.empty() ? "" : trial.last_lines.back()},
          {"last_lines", trial.last_lines},
          {"log", trial.log},
          {"log_dropped", trial.log_dropped}};
}

std::string_view to_string(SearchAnswer answer) {
  switch (answer) {
    case SearchAnswer::found:
      return "found";
    case SearchAnswer::healthy_everywhere:
      return "healthy-everywhere";
    case SearchAnswer::unhealthy_everywhere:
      break;
  }
  return "unhealthy-everywhere";
}

}  // namespace

std::string find_json(const FindResult& result) {
  OrderedJson trials = OrderedJson::array();
  for (const FindTrial& trial : result.trials) trials.push_back(trial_json(trial));
  const OrderedJson document = {
      {"schema", "ceiling.find/1"},
      {"command", result.command},
      {"limit", result.limit},
      {"unit", result.unit},
      {"user", result.user},
      {"range", {result.first, result.last}},
      {"step", result.step},
      {"answer", to_string(result.answer)},
      {"smallest_healthy", or_null(result.smallest_healthy)},
      {"below", result.below ? OrderedJson(to_string(*result.below)) : OrderedJson()},
      {"monotonic", result.monotonic},
      {"flaky", result.flaky},
      {"elapsed_s", result.elapsed_s},
      {"unlimited", trial_json(result.unlimited)},
      {"trials", std::move(trials)}};
  return document.dump(2, ' ', false, OrderedJson::error_handler_t::replace) + "\n";
}

}  // namespace ceiling
