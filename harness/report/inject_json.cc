#include <map>
#include <nlohmann/json.hpp>

#include "harness/observe/history.h"
#include "harness/report/inject.h"
#include "harness/report/json_values.h"

namespace ceiling {
namespace {

using Json = OrderedJson;

Json choice(const Injection& injection) {
  const Choice& chosen = injection.choice;
  return {{"kind", chosen.kind ? to_string(*chosen.kind) : "any"},
          {"at", or_null(chosen.at)},
          {"after", or_null(chosen.after)},
          {"every", or_null(chosen.every)},
          {"probability", or_null(chosen.probability)},
          {"seed", chosen.probability ? Json(chosen.seed) : Json()},
          {"times", or_null(chosen.times)},
          {"errno", injection.error == 0 ? Json() : Json(errno_name(injection.error))}};
}

Json by_process(const Injection& injection) {
  struct Counts {
    std::string name;
    std::uint64_t seen = 0;
    std::uint64_t refused = 0;
  };
  std::map<int, Counts> processes;
  for (const Creation& one : injection.creations) {
    Counts& counts = processes[one.process];
    counts.name = one.name;
    ++counts.seen;
    if (one.refused) ++counts.refused;
  }
  Json all = Json::array();
  for (const auto& [pid, counts] : processes) {
    all.push_back(
        {{"pid", pid}, {"name", counts.name}, {"seen", counts.seen}, {"refused", counts.refused}});
  }
  return all;
}

}  // namespace

std::string inject_json(const Injection& injection) {
  Json creations = Json::array();
  for (const Creation& one : injection.creations) {
    creations.push_back({{"t_s", one.t_s},
                         {"pid", one.process},
                         {"tid", one.thread},
                         {"name", one.name},
                         {"kind", to_string(one.kind)},
                         {"refused", one.refused}});
  }
  const CommandEnd& end = injection.end;
  const Json document = {{"schema", "ceiling.inject/1"},
                         {"command", injection.command},
                         {"choice", choice(injection)},
                         {"seen", injection.seen},
                         {"refused", injection.refused},
                         {"unreadable", injection.unreadable},
                         {"by_process", by_process(injection)},
                         {"creations", std::move(creations)},
                         {"status", end.signal != 0 ? Json() : Json(end.status)},
                         {"signal", end.signal == 0 ? Json() : Json(end.signal)},
                         {"elapsed_s", injection.elapsed_s},
                         {"injector", "ok"}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string refusal_name(int error) {
  return error == 0 ? "none" : errno_name(error);
}

}  // namespace ceiling
