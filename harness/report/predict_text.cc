#include <fmt/format.h>

#include <utility>

#include "harness/predict/host_limit.h"
#include "harness/predict/own_scopes.h"
#include "harness/report/page.h"
#include "harness/report/report.h"
#include "harness/report/words.h"

namespace ceiling {
namespace {

using words::ceilings;
using words::cost;
using words::fleet_size;
using words::guardrails;
using words::or_dash;
using words::resource_lines;
using words::scope;
using words::unit;

std::string who_fails(const Prediction& predicted) {
  if (predicted.scope != LimitScope::frontend) return "at least one frontend fails";
  const std::size_t failing = predicted.failing.size();
  if (std::cmp_equal(failing, *predicted.fleet_size) && !predicted.member)
    return "every frontend fails";
  if (!predicted.member) return fmt::format("{} frontends fail", failing);
  const std::string first = member_name(*predicted.member);
  return failing == 1 ? first + " alone fails"
                      : fmt::format("{} frontends fail, {} first", failing, first);
}

void guardrail_lines(Page& page, const ArmPrediction& one) {
  if (const auto& alarm = one.predicted.alarm) {
    page.line(2, fmt::format("alarm at {} frontends, when {} of {} {} are used and {} more fit{}",
                             alarm->fleet_size, alarm->used, to_string(alarm->limit), alarm->value,
                             alarm->servers_left, alarm->in_cell ? " in that cell" : ""));
  }
  if (const auto& refused = one.predicted.admission) {
    page.line(
        2, fmt::format(
               "admission keeps the fleet at {}: under {} {} {} {} are left, the "
               "next frontend takes {}",
               refused->fleet_size - 1, to_string(refused->limit),
               refused->member ? "of " + member_name(*refused->member) : scope(one.predicted.scope),
               refused->left, words::taken_under(to_string(refused->limit)), refused->needed));
    page.line(2, "without it:");
  }
}

void prediction_block(Page& page, const ArmPrediction& one) {
  const Prediction& predicted = one.predicted;
  page.line(0, fmt::format("arm {}, {}", one.arm.name, guardrails(one.arm)));
  page.line(2, cost(one.cost_model));
  if (!predicted.doubt.empty()) {
    page.line(2, "no prediction: " + predicted.doubt, Tone::doubtful);
    return page.blank();
  }
  for (const std::string& line : resource_lines(one.cost_model, one.arm.limits)) page.line(2, line);
  guardrail_lines(page, one);
  for (const std::string& line : ceilings(one.arm, predicted)) page.line(2, line);
  if (!predicted.fleet_size) {
    page.line(2, fmt::format("no frontend fails up to {} frontends", one.arm.fleet.end));
    page.line(2,
              fmt::format("why: then a frontend is {} tasks and the fleet {}, and no limit {} is "
                          "below that",
                          one.cost_model.frontend_tasks(one.arm.fleet.end),
                          one.cost_model.fleet_tasks(one.arm.fleet.end), scope(predicted.scope)));
    return page.blank();
  }
  if (predicted.fleet_size_most) {
    page.line(
        2, fmt::format("at {} frontends one of them finds no memory left", fleet_size(predicted)));
    page.line(2, fmt::format("why: {} {} is {}", to_string(*predicted.limit),
                             scope(predicted.scope), or_dash(predicted.value)));
    return page.blank();
  }
  const int size = *predicted.fleet_size;
  const bool own = predicted.scope == LimitScope::frontend;
  const std::string limit(predicted.limit ? to_string(*predicted.limit) : "a limit");
  if (predicted.of_cache) {
    page.line(2, fmt::format("at {} frontends {}: {} refuses its place at each cache server", size,
                             who_fails(predicted), limit));
    page.line(2, fmt::format("why: a cache server would need {} descriptors, {} is {}",
                             one.cost_model.cache->descriptors(*predicted.member), limit,
                             or_dash(predicted.value)));
    return page.blank();
  }
  page.line(2, fmt::format("at {} frontends {}: {} refuses at {} {} in the scope {}", size,
                           who_fails(predicted), limit, or_dash(predicted.threads), unit(predicted),
                           predicted.member ? "of " + member_name(*predicted.member)
                                            : scope(predicted.scope)));
  if (const auto used = host_use_of(one.arm, one.cost_model)) {
    page.line(2,
              fmt::format("why: the fleet would need {} there, {} has {} in use, {} is {}",
                          one.cost_model.fleet_tasks(size),
                          predicted.scope == LimitScope::host ? "the host" : "the namespace itself",
                          *used, limit, or_dash(predicted.value)));
    return page.blank();
  }
  const int in_cell = own && one.cost_model.cells > 1
                          ? cell_sizes(one.arm, one.cost_model, size).at(predicted.failing.front())
                          : size;
  if (predicted.limit && counted_by(*predicted.limit)) {
    const ResourceCost& found = one.cost_model.resources.at(*counted_by(*predicted.limit));
    page.line(
        2, fmt::format("why: a frontend would need {} {}, {} is {}", found.least(in_cell),
                       to_string(*counted_by(*predicted.limit)), limit, or_dash(predicted.value)));
    return page.blank();
  }
  page.line(2, fmt::format(
                   "why: {} would need {} tasks there, {} is {}", own ? "a frontend" : "the fleet",
                   own ? one.cost_model.tasks_in_cell(in_cell) : one.cost_model.fleet_tasks(size),
                   limit, or_dash(predicted.value)));
  page.blank();
}

}  // namespace

std::string predict_text(const Experiment& experiment, const std::vector<ArmPrediction>& arms,
                         bool colour) {
  Page page(colour);
  page.line(0, "experiment " + experiment.name);
  page.blank();
  for (const ArmPrediction& arm : arms) prediction_block(page, arm);
  return page.text();
}

}  // namespace ceiling
