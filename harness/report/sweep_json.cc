#include <nlohmann/json.hpp>

#include "harness/report/inject.h"

namespace ceiling {
namespace {

using Json = nlohmann::ordered_json;

Json status(const CommandEnd& end) {
  return end.signal != 0 ? Json() : Json(end.status);
}
Json signal(const CommandEnd& end) {
  return end.signal == 0 ? Json() : Json(end.signal);
}

}  // namespace

std::string sweep_json(const Sweep& sweep) {
  Json trials = Json::array();
  for (const SweepTrial& one : sweep.trials) {
    trials.push_back({{"number", one.number},
                      {"kind", one.creation ? Json(to_string(one.creation->kind)) : Json()},
                      {"name", one.creation ? one.creation->name : ""},
                      {"outcome", to_string(one.outcome)},
                      {"status", status(one.end)},
                      {"signal", signal(one.end)},
                      {"refused", one.refused},
                      {"elapsed_s", one.elapsed_s},
                      {"last_line", one.last_line}});
  }
  const Json document = {{"schema", "ceiling.sweep/1"},
                         {"command", sweep.command},
                         {"mode", sweep.onward ? "onward" : "once"},
                         {"kind", sweep.kind},
                         {"errno", refusal_name(sweep.error)},
                         {"creations", sweep.creations},
                         {"creations_again", sweep.creations_again},
                         {"output_compared", sweep.output_compared},
                         {"status", status(sweep.healthy)},
                         {"elapsed_s", sweep.healthy_s},
                         {"trials", std::move(trials)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ceiling
