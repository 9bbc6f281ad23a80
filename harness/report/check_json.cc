#include <nlohmann/json.hpp>

#include "harness/observe/history.h"
#include "harness/report/check.h"
#include "harness/report/check_document.h"
#include "harness/report/json_values.h"

namespace ceiling {
namespace {

using Json = OrderedJson;

Json host(const HostFacts& facts) {
  return {{"kernel", facts.kernel},
          {"hierarchy", facts.hierarchy},
          {"libc", facts.libc},
          {"other_kernel", facts.other_kernel.empty() ? Json() : Json(facts.other_kernel)}};
}

Json target(const Subject& subject) {
  const PlaceFacts& place = subject.facts.place;
  return {{"kind", place.kind},
          {"name", subject.selector.text()},
          {"pid", place.pid == 0 ? Json() : Json(place.pid)},
          {"uid", place.uid},
          {"cgroup", {{"pids", place.pids_group}, {"memory", place.memory_group}}}};
}

std::string_view certainty(Certainty certainty) {
  switch (certainty) {
    case Certainty::at_least:
      return "at_least";
    case Certainty::at_most:
      return "at_most";
    default:
      return to_string(certainty);
  }
}

Json limit(const Row& row) {
  const Limit& one = row.limit;
  return {{"name", one.name},
          {"scope", one.scope},
          {"where", one.where},
          {"unit", one.unit},
          {"value", or_null(one.value)},
          {"used", one.used},
          {"threads_left", or_null(one.threads_left)},
          {"exact", one.exact()},
          {"certainty", certainty(one.certainty)},
          {"error", one.error},
          {"applies", one.applies},
          {"errno", one.refusal_errno == 0 ? Json() : Json(errno_name(one.refusal_errno))},
          {"trace", one.trace},
          {"fit", to_string(row.fit)},
          {"set_by", row.set_by},
          {"remedy", row.remedy},
          {"note", one.note}};
}

Json proof_document(const Proof& proof) {
  return {{"predicted",
           {{"at_least", or_null(proof.predicted_least)},
            {"at_most", or_null(proof.predicted_most)},
            {"limit", proof.binding.empty() ? Json() : Json(proof.binding)}}},
          {"asked", proof.asked},
          {"made", proof.made},
          {"errno", proof.error == 0 ? Json() : Json(errno_name(proof.error))},
          {"attribution",
           {{"limit", proof.attribution.limit},
            {"where", proof.attribution.where},
            {"evidence", proof.attribution.evidence}}},
          {"verdict", to_string(proof.verdict)},
          {"reason", proof.reason}};
}

}  // namespace

nlohmann::ordered_json check_document(const Answer& answer) {
  Json limits = Json::array();
  for (const Row& row : answer.rows) limits.push_back(limit(row));
  return {{"schema", "ceiling.check/1"},
          {"host", host(answer.subject.facts.host)},
          {"target", target(answer.subject)},
          {"snapshot", answer.subject.snapshot.empty() ? Json() : Json(answer.subject.snapshot)},
          {"stack_bytes", answer.thread.stack},
          {"limits", std::move(limits)},
          {"binding", answer.binds ? Json(answer.rows.front().limit.name) : Json()},
          {"threads_left", or_null(answer.threads_left)},
          {"required", or_null(answer.need.required())},
          {"largest_fleet", or_null(answer.largest_fleet)},
          {"unseen", answer.unseen},
          {"verdict", to_string(answer.verdict)},
          {"reason", answer.reason}};
}

std::string policy_json(const Policy& policy, std::span<const Answer> answers) {
  Json checks = Json::array();
  for (const Answer& answer : answers) checks.push_back(check_document(answer));
  const Json document = {{"schema", "ceiling.policy/1"},
                         {"policy", policy.name},
                         {"verdict", to_string(verdict_of(answers))},
                         {"checks", std::move(checks)}};
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

std::string check_json(const Answer& answer, const Proof* proof) {
  Json document = check_document(answer);
  if (proof != nullptr) document["proof"] = proof_document(*proof);
  return document.dump(2, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace ceiling
