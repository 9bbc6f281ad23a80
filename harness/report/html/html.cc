#include "harness/report/html.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "harness/report/html/arm_events.h"
#include "harness/report/html/assets.h"
#include "harness/report/html/course.h"
#include "harness/report/html/growth.h"
#include "harness/report/html/limits.h"
#include "harness/report/html/recovery.h"
#include "harness/report/result_document.h"

namespace ceiling {
namespace {

std::string joined(const std::vector<std::string_view>& parts) {
  std::string text;
  for (const std::string_view part : parts) (text += part) += '\n';
  return text;
}

std::string escaped(std::string_view raw) {
  std::string text;
  for (const char c : raw) {
    if (c == '&')
      text += "&amp;";
    else if (c == '<')
      text += "&lt;";
    else
      text += c;
  }
  return text;
}

/// JSON that no HTML parser takes for markup: "<" stands in strings only, and has another way to be
/// written there. Names may be any bytes; a page is UTF-8.
std::string inside_script(const OrderedJson& json) {
  std::string text;
  for (const char c : json.dump(-1, ' ', false, OrderedJson::error_handler_t::replace)) {
    if (c == '<')
      text += "\\u003c";
    else
      text += c;
  }
  return text;
}

OrderedJson run_event(const History& history) {
  for (const Event& event : history) {
    if (const auto* run = as<RunEvent>(&event))
      return {{"run_id", run->run_id},
              {"kernel", run->kernel},
              {"hierarchy", run->hierarchy},
              {"started_at", run->started_at}};
  }
  return {};
}

std::string command(const ShownRun& run) {
  const bool of_host = std::ranges::any_of(run.experiment->arms, [](const ArmPlan& arm) {
    return std::ranges::any_of(arm.limits.names(),
                               [&arm](LimitName name) { return arm.limits.of_host(name); });
  });
  return "sudo ceiling run " + run.folder + "/experiment.yaml" + (of_host ? " --host-limits" : "");
}

OrderedJson run_json(const ShownRun& run) {
  const auto events = events_by_arm(run.history);
  OrderedJson arms = OrderedJson::array();
  for (const ArmVerdict& arm : run.verdict.arms) {
    const auto found = events.find(arm.arm.name);
    const ArmEvents& own = found == events.end() ? ArmEvents{} : found->second;
    arms.push_back({{"growth", growth_json(arm, own)},
                    {"caches", cache_growth_json(arm, own)},
                    {"limits", limits_json(arm, own)},
                    {"course", course_json(own)},
                    {"recovery", recovery_json(arm, own)}});
  }
  OrderedJson experiment;
  OrderedJson how;
  if (run.experiment) {
    experiment = {{"description", run.experiment->description}, {"source", run.experiment->source}};
    how = command(run);
  }
  return {{"run", run_event(run.history)}, {"folder", run.folder},
          {"command", std::move(how)},     {"experiment", std::move(experiment)},
          {"missing", run.missing},        {"result", result_document(run.verdict)},
          {"arms", std::move(arms)}};
}

}  // namespace

std::string report_html(std::span<const ShownRun> runs) {
  OrderedJson data = {{"schema", "ceiling.page/1"}, {"runs", OrderedJson::array()}};
  std::string title;
  for (const ShownRun& run : runs) {
    data["runs"].push_back(run_json(run));
    title += (title.empty() ? "" : " and ") + run.verdict.experiment + ": " +
             std::string(to_string(run.verdict.verdict));
  }
  const std::pair<std::string_view, std::string> parts[] = {
      {"{{TITLE}}", escaped(title)},           {"{{STYLE}}", joined(page_style())},
      {"{{DATA}}", inside_script(data)},       {"{{LIBRARIES}}", joined(page_libraries())},
      {"{{SCRIPTS}}", joined(page_scripts())},
  };
  // In the order of the template: what was put in is not looked at again.
  const std::string_view whole = page_template().front();
  std::string page;
  std::size_t from = 0;
  for (const auto& [name, text] : parts) {
    const std::size_t at = whole.find(name, from);
    page += whole.substr(from, at - from);
    page += text;
    from = at + name.size();
  }
  page += whole.substr(from);
  return page;
}

}  // namespace ceiling
