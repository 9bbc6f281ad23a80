#include <nlohmann/json.hpp>

#include "harness/observe/history.h"
#include "harness/report/json_values.h"
#include "harness/report/report.h"
#include "harness/report/result_document.h"
#include "harness/verify/recovery.h"

namespace ceiling {
namespace {

using Json = OrderedJson;

/// Whose limit it is, where it is no frontend's.
constexpr const char* kCache = "cache";

Json cost_model(const CostModel& model) {
  Json host = Json::array();
  for (const HostUse& use : model.host)
    host.push_back({{"limit", to_string(use.limit)}, {"value", use.value}, {"used", use.used}});
  Json resources = Json::object();
  for (const auto& [resource, cost] : model.resources) {
    resources[std::string(to_string(resource))] = {
        {"base", cost.most_base}, {"base_least", cost.least_base}, {"per_peer", cost.per_peer}};
  }
  Json cost = {{"base", model.base},
               {"per_peer", model.per_peer},
               {"source", model.source},
               {"measured_at", model.measured_at},
               {"resources", std::move(resources)}};
  if (!host.empty()) cost["host"] = std::move(host);
  if (model.memory) {
    cost["memory"] = {{"fleet_size", model.memory->fleet_size},
                      {"kept_least", model.memory->least_kept},
                      {"kept_most", model.memory->most_kept},
                      {"per_peer_least", model.memory->least_per_peer},
                      {"per_peer_most", model.memory->most_per_peer},
                      {"ahead", model.memory->ahead}};
  }
  if (model.cache_servers > 0 && model.cache) {
    cost["cache"] = {{"servers", model.cache_servers},
                     {"tasks", model.cache->tasks},
                     {"descriptors", model.cache->base},
                     {"per_frontend", model.cache->per_frontend}};
  }
  return cost;
}

/// How many fail; nothing where it is scheduling, or nobody does.
Json failing(const Prediction& prediction) {
  return prediction.failing.empty() ? Json() : Json(prediction.failing.size());
}

Json refused_addition(const std::optional<RefusedAddition>& one) {
  if (!one) return Json();
  return {{"fleet_size", one->fleet_size},
          {"limit", to_string(one->limit)},
          {"value", one->value},
          {"member", one->member ? Json(member_name(*one->member)) : Json()},
          {"left", one->left},
          {"needed", one->needed}};
}

Json raised_alarm(const std::optional<RaisedAlarm>& one) {
  if (!one) return Json();
  return {{"fleet_size", one->fleet_size},
          {"limit", to_string(one->limit)},
          {"value", one->value},
          {"used", one->used},
          {"member", one->member ? Json(member_name(*one->member)) : Json()},
          {"servers_left", one->servers_left}};
}

Json refused_addition(const std::optional<AdmissionEvent>& one) {
  if (!one) return Json();
  return {{"fleet_size", one->fleet_size}, {"frontend", one->frontend},
          {"limit", or_null(one->limit)},  {"scope", or_null(one->scope)},
          {"member", one->member},         {"left", one->left},
          {"needed", one->needed}};
}

Json raised_alarm(const Observed& seen) {
  if (!seen.alarm) return Json();
  return {{"fleet_size", *seen.alarm_step}, {"frontend", seen.alarm->frontend},
          {"limit", seen.alarm->limit},     {"scope", seen.alarm->scope},
          {"used", seen.alarm->used},       {"value", seen.alarm->value}};
}

Json ceiling(const std::optional<Ceiling>& one) {
  if (!one) return Json();
  Json json = {
      {"fleet_size", one->fleet_size}, {"limit", to_string(one->limit)}, {"value", one->value}};
  if (one->of_cache) json["server"] = kCache;
  return json;
}

Json predicted(const Prediction& prediction) {
  Json json = {{"fleet_size", or_null(prediction.fleet_size)},
               {"fleet_size_most", or_null(prediction.fleet_size_most)},
               {"threads", or_null(prediction.threads)},
               {"limit", prediction.limit ? Json(to_string(*prediction.limit)) : Json()},
               {"value", or_null(prediction.value)},
               {"scope", to_string(prediction.scope)},
               {"member", prediction.member ? Json(member_name(*prediction.member)) : Json()},
               {"frontends_failed", failing(prediction)},
               {"doubt", or_null(prediction.doubt)},
               {"admission", refused_addition(prediction.admission)},
               {"alarm", raised_alarm(prediction.alarm)},
               {"without", ceiling(prediction.without)},
               {"beyond", ceiling(prediction.beyond)}};
  if (prediction.of_cache) json["server"] = kCache;
  return json;
}

Json observed(const Observed& seen) {
  Json json = {{"fleet_size", or_null(seen.fleet_size)},
               {"threads", or_null(seen.threads)},
               {"limit", or_null(seen.limit)},
               {"errno", seen.error == 0 ? Json() : Json(errno_name(seen.error))},
               {"member", or_null(seen.member)},
               {"frontends_failed", seen.frontends_failed},
               {"failure", or_null(seen.failure)},
               {"admission", refused_addition(seen.admission)},
               {"alarm", raised_alarm(seen)}};
  if (seen.of_cache) json["server"] = kCache;
  return json;
}

Json attribution(const Attribution& found) {
  return {{"limit", or_null(found.limit)},
          {"where", or_null(found.where)},
          {"evidence", Json(found.evidence)},
          {"ruled_out", Json(found.ruled_out)}};
}

Json invariants(const std::vector<Invariant>& all) {
  Json list = Json::array();
  for (const Invariant& one : all)
    list.push_back({{"name", one.name},
                    {"holds", or_null(one.holds)},
                    {"checked", one.checked},
                    {"evidence", one.evidence},
                    {"judged", one.judged}});
  return list;
}

Json name_or_null(const std::optional<DependentOutcome>& outcome) {
  return outcome ? Json(to_string(*outcome)) : Json();
}

Json dependents(const std::vector<DependentVerdict>& all) {
  Json list = Json::array();
  for (const DependentVerdict& one : all)
    list.push_back({{"name", one.name},
                    {"kind", one.kind},
                    {"expect", name_or_null(one.expect)},
                    {"outcome", name_or_null(one.outcome)},
                    {"healthy_before", or_null(one.healthy_before)},
                    {"lost_at_s", or_null(one.lost_at_s)},
                    {"after_outage_s", or_null(one.after_outage_s)},
                    {"reason", one.reason},
                    {"ended", one.ended},
                    {"buffered", one.buffered},
                    {"dropped", one.dropped},
                    {"back", or_null(one.back)},
                    {"back_after_s", or_null(one.back_after_s)}});
  return list;
}

Json clients(const std::vector<ClientCount>& all) {
  Json list = Json::array();
  for (const ClientCount& one : all)
    list.push_back({{"name", one.name},
                    {"puts_acknowledged", one.puts_acknowledged},
                    {"puts_failed", one.puts_failed},
                    {"puts_unknown", one.puts_unknown},
                    {"records_read", one.records_read}});
  return list;
}

Json recovery(const std::optional<RecoveryVerdict>& seen) {
  if (!seen) return Json();
  return {{"strategy", to_string(seen->plan.strategy)},
          {"rate", seen->plan.rate},
          {"every_ms", seen->plan.strategy == RestartStrategy::batches ? seen->plan.every_ms : 0},
          {"fleet_size", seen->fleet_size},
          {"completed", seen->completed},
          {"routable_after_s", or_null(seen->routable_after_s)},
          {"requests", seen->requests},
          {"failed_requests", seen->failed_requests},
          {"restarts", seen->restarts},
          {"wasted_restarts", seen->wasted_restarts},
          {"safe", seen->safe()},
          {"expect_safe", or_null(seen->plan.expect_safe)},
          {"expect_back", seen->plan.expect_back}};
}

Json arm(const ArmVerdict& verdict) {
  return {{"name", verdict.arm.name},
          {"guardrails", names_of(verdict.arm.guardrails)},
          {"expect", to_string(verdict.arm.expect)},
          {"verdict", to_string(verdict.verdict)},
          {"outcome", to_string(verdict.outcome)},
          {"cost_model", verdict.cost_model ? cost_model(*verdict.cost_model) : Json()},
          {"predicted", predicted(verdict.predicted)},
          {"observed", observed(verdict.observed)},
          {"attribution", attribution(verdict.attribution)},
          {"routable",
           {{"before", or_null(verdict.routable.before)},
            {"lowest", or_null(verdict.routable.lowest)},
            {"after", or_null(verdict.routable.after)}}},
          {"invariants", invariants(verdict.invariants)},
          {"dependents", dependents(verdict.dependents)},
          {"clients", clients(verdict.clients)},
          {"recovery", recovery(verdict.recovery)},
          {"reasons", verdict.reasons}};
}

std::string document(const Json& json) {
  return json.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace

Json result_document(const RunVerdict& verdict) {
  Json arms = Json::array();
  for (const ArmVerdict& one : verdict.arms) arms.push_back(arm(one));
  const ArmVerdict* fastest = fastest_safe(verdict.arms);
  return {{"schema", "ceiling.result/1"},
          {"experiment", verdict.experiment},
          {"verdict", to_string(verdict.verdict)},
          {"elapsed_s", verdict.elapsed_s},
          {"arms", std::move(arms)},
          {"fastest_safe_recovery", fastest ? Json(fastest->arm.name) : Json()},
          {"damage", verdict.damage}};
}

std::string result_json(const RunVerdict& verdict) {
  return document(result_document(verdict));
}

std::string predict_json(const Experiment& experiment, const std::vector<ArmPrediction>& arms) {
  Json list = Json::array();
  for (const ArmPrediction& one : arms)
    list.push_back({{"name", one.arm.name},
                    {"guardrails", names_of(one.arm.guardrails)},
                    {"cost_model", cost_model(one.cost_model)},
                    {"predicted", predicted(one.predicted)}});
  return document({{"schema", "ceiling.predict/1"},
                   {"experiment", experiment.name},
                   {"arms", std::move(list)}});
}

}  // namespace ceiling
