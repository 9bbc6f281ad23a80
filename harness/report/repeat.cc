#include "harness/report/repeat.h"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <vector>

#include "harness/report/json_values.h"
#include "harness/report/page.h"

namespace ceiling {
namespace {

using Json = OrderedJson;

struct Counts {
  int confirmed = 0;
  int refuted = 0;
  int unknown = 0;

  void take(Verdict verdict) {
    ++(verdict == Verdict::confirmed ? confirmed : verdict == Verdict::refuted ? refuted : unknown);
  }
  Verdict worst() const {
    return refuted > 0 ? Verdict::refuted : unknown > 0 ? Verdict::unknown : Verdict::confirmed;
  }
  Json json() const {
    return {{"confirmed", confirmed}, {"refuted", refuted}, {"unknown", unknown}};
  }
  std::string text() const {
    return fmt::format("{} confirmed, {} refuted, {} unknown", confirmed, refuted, unknown);
  }
};

/// Of one arm over all runs.
struct Spread {
  std::string arm;
  Counts verdicts;
  std::map<std::optional<int>, int> sizes;  ///< how often each was observed; nothing: no failure
  std::vector<double> lowest;               ///< routable shares, of the runs that have one
};

Counts count(std::span<const RepeatedRun> runs) {
  Counts counts;
  for (const RepeatedRun& run : runs) counts.take(run.verdict.verdict);
  return counts;
}

std::vector<Spread> spreads(std::span<const RepeatedRun> runs) {
  std::vector<Spread> all;
  for (const RepeatedRun& run : runs) {
    for (const ArmVerdict& arm : run.verdict.arms) {
      auto found = std::ranges::find(all, arm.arm.name, &Spread::arm);
      if (found == all.end()) {
        all.push_back({arm.arm.name, {}, {}, {}});
        found = all.end() - 1;
      }
      found->verdicts.take(arm.verdict);
      ++found->sizes[arm.observed.fleet_size];
      if (arm.routable.lowest) found->lowest.push_back(*arm.routable.lowest);
    }
  }
  return all;
}

Json share(const std::vector<double>& lowest) {
  if (lowest.empty()) return {};
  const auto [least, most] = std::ranges::minmax(lowest);
  return {{"least", least}, {"most", most}};
}

Json spread_json(const Spread& arm) {
  Json sizes = Json::array();
  for (const auto& [size, times] : arm.sizes)
    sizes.push_back({{"fleet_size", or_null(size)}, {"runs", times}});
  return {{"name", arm.arm},
          {"verdicts", arm.verdicts.json()},
          {"observed_fleet_sizes", std::move(sizes)},
          {"lowest_routable", share(arm.lowest)}};
}

std::string sizes_text(const Spread& arm) {
  std::string text;
  for (const auto& [size, times] : arm.sizes) {
    text += text.empty() ? "" : ", ";
    text += size ? fmt::format("{} frontends in {}", *size, times)
                 : fmt::format("no failure in {}", times);
  }
  return text;
}

std::string share_text(const std::vector<double>& lowest) {
  if (lowest.empty()) return "-";
  const auto [least, most] = std::ranges::minmax(lowest);
  return least == most ? percent(least) : percent(least) + " to " + percent(most);
}

Tone tone(Verdict verdict) {
  return verdict == Verdict::confirmed ? Tone::good
         : verdict == Verdict::refuted ? Tone::bad
                                       : Tone::doubtful;
}

}  // namespace

Verdict verdict_of(std::span<const RepeatedRun> runs) {
  return runs.empty() ? Verdict::unknown : count(runs).worst();
}

std::string repeat_json(std::span<const RepeatedRun> runs) {
  Json list = Json::array();
  for (const RepeatedRun& run : runs)
    list.push_back({{"folder", run.folder},
                    {"verdict", to_string(run.verdict.verdict)},
                    {"elapsed_s", run.verdict.elapsed_s}});
  Json arms = Json::array();
  for (const Spread& arm : spreads(runs)) arms.push_back(spread_json(arm));
  const Json document = {
      {"schema", "ceiling.repeat/1"},
      {"experiment", runs.empty() ? Json() : Json(runs.front().verdict.experiment)},
      {"verdict", to_string(verdict_of(runs))},
      {"verdicts", count(runs).json()},
      {"runs", std::move(list)},
      {"arms", std::move(arms)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string repeat_text(std::span<const RepeatedRun> runs, bool colour) {
  Page page(colour);
  for (const RepeatedRun& run : runs)
    page.line(0,
              fmt::format("{:<9} {:6.1f} s  {}", to_string(run.verdict.verdict),
                          run.verdict.elapsed_s, run.folder),
              tone(run.verdict.verdict));
  page.blank();
  for (const Spread& arm : spreads(runs)) {
    page.line(0, fmt::format("arm {}: {}", arm.arm, arm.verdicts.text()),
              tone(arm.verdicts.worst()));
    page.line(2, "failed first at: " + sizes_text(arm) + " runs");
    page.line(2, "lowest routable: " + share_text(arm.lowest));
  }
  page.blank();
  page.line(0, fmt::format("{} runs: {}", runs.size(), count(runs).text()));
  page.line(0, fmt::format("verdict: {}", to_string(verdict_of(runs))), tone(verdict_of(runs)));
  return page.text();
}

}  // namespace ceiling
