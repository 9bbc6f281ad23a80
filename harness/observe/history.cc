#include "harness/observe/history.h"

#include <array>
#include <cstring>
#include <limits>
#include <map>
#include <nlohmann/json.hpp>
#include <utility>

#include "cgroups/error.h"
#include "harness/observe/history_fields.h"

namespace ceiling {
namespace {

using OrderedJson = nlohmann::ordered_json;
using What = decltype(Event::what);

// Linux uses 1..133 (include/uapi/asm-generic/errno.h).
constexpr int kErrnos = 256;

constexpr const char* kMade = "made";

int errno_number(const std::string& name) {
  static const std::map<std::string, int> numbers = [] {
    std::map<std::string, int> all;
    for (int number = 0; number < kErrnos; ++number) all.emplace(errno_name(number), number);
    return all;
  }();
  const auto found = numbers.find(name);
  if (found == numbers.end()) throw Error("errno: \"" + name + "\" is the name of no error");
  return found->second;
}

std::optional<int> probe_of(const std::optional<std::string>& text) {
  if (!text) return std::nullopt;
  return *text == kMade ? 0 : errno_number(*text);
}

What read_run(const Fields& f) {
  return RunEvent{f.text("run_id"), f.text("experiment"), f.text("kernel"), f.text("hierarchy"),
                  f.text("started_at")};
}
What read_calibration(const Fields& f) {
  return CalibrationEvent{f.integer<int>("fleet_size"), f.integers("tasks"), f.lists("resources"),
                          f.lists("caches")};
}
What read_step(const Fields& f) {
  return StepEvent{f.integer<int>("fleet_size"), f.flag("settled"), f.integer<int>("in_service"),
                   f.texts("failed"), static_cast<int>(f.nullable("alarms").value_or(0))};
}
What read_op(const Fields& f) {
  return OpEvent{f.integer<std::uint64_t>("id"),
                 phase_of(f.text("phase")),
                 f.text("kind"),
                 f.text("frontend"),
                 f.text("stream"),
                 f.integer<int>("shard"),
                 f.text("key"),
                 f.integer<std::uint64_t>("sequence"),
                 f.nullable_text("client").value_or(""),
                 f.nullable_text("hash_key").value_or("")};
}
What read_map(const Fields& f) {
  return MapEvent{f.text("frontend"), f.integer<std::uint64_t>("version"),
                  f.text("digest"),   f.flag("complete"),
                  f.flag("tiling"),   f.flag("published")};
}
What read_refusal(const Fields& f) {
  return RefusalEvent{f.text("frontend"),
                      errno_number(f.text("errno")),
                      f.integer<std::int64_t>("tasks"),
                      f.integer<std::uint64_t>("version"),
                      f.text("phase"),
                      probe_of(f.nullable_text("probe")),
                      f.nullable_text("server").value_or("")};
}
What read_admission(const Fields& f) {
  return AdmissionEvent{f.text("frontend"),
                        f.text("limit"),
                        f.text("scope"),
                        f.text("member"),
                        f.integer<std::int64_t>("left"),
                        f.integer<std::int64_t>("needed"),
                        f.integer<int>("fleet_size")};
}
What read_alarm(const Fields& f) {
  return AlarmEvent{f.text("frontend"),
                    f.text("limit"),
                    f.text("scope"),
                    f.integer<std::int64_t>("used"),
                    f.integer<std::int64_t>("value"),
                    f.integer<int>("fleet_size")};
}
What read_sample(const Fields& f) {
  return SampleEvent{f.text("scope"),
                     f.text("limit"),
                     f.text("where"),
                     f.nullable("value"),
                     f.integer<std::int64_t>("tasks"),
                     f.nullable("pids_events"),
                     f.nullable("used"),
                     f.nullable("oom_kills")};
}
What read_fault(const Fields& f) {
  return FaultEvent{f.text("kind"), f.text("target"), f.text("detail")};
}
What read_health(const Fields& f) {
  return HealthEvent{f.text("dependent"), f.flag("ok"), f.text("reason"),
                     f.integer<std::uint64_t>("buffered"), f.integer<std::uint64_t>("dropped")};
}
What read_dependent_end(const Fields& f) {
  return DependentEndEvent{f.text("dependent"), f.text("detail"), f.text("where"),
                           f.nullable("oom_kills")};
}
What read_routable(const Fields& f) {
  const RoutableEvent event{f.number("share"), f.integer<int>("pairs"),
                            f.integer<int>("fleet_size")};
  if (!(event.share >= 0 && event.share <= 1)) throw Error("share: expected 0 to 1");
  return event;
}
What read_shard(const Fields& f) {
  return ShardEvent{f.text("stream"), f.integer<int>("shard"), f.text("first"),
                    f.text("last"),   f.integers("parents"),   f.flag("closed")};
}
What read_client(const Fields& f) {
  return ClientEvent{f.text("client"), f.integer<std::int64_t>("operations"), f.texts("damage")};
}
What read_audit(const Fields& f) {
  return AuditEvent{f.integer<std::uint64_t>("records"), f.flag("complete"), f.nullable("shards")};
}
What read_arm_end(const Fields& f) {
  return ArmEndEvent{f.text("reason"), f.flag("completed")};
}
What read_recovery(const Fields& f) {
  return RecoveryEvent{f.text("strategy"), f.integer<int>("rate"), f.integer<int>("fleet_size")};
}
What read_restart(const Fields& f) {
  return RestartEvent{f.text("frontend"), f.text("why")};
}
What read_removal(const Fields& f) {
  return RemovalEvent{f.text("frontend"), f.integer<std::int64_t>("silent_ms")};
}
What read_recovery_end(const Fields& f) {
  return RecoveryEndEvent{f.flag("completed"), f.integer<int>("restarts"),
                          f.integer<int>("removals")};
}
What read_trial(const Fields& f) {
  return TrialEvent{f.text("limit"), f.nullable("value")};
}
What read_ready(const Fields& f) {
  return ReadyEvent{f.text("by")};
}
What read_probe(const Fields& f) {
  return ProbeEvent{f.flag("in_time"), f.integer<int>("status"), f.text("last_line")};
}
What read_outcome(const Fields& f) {
  return OutcomeEvent{f.text("outcome"), f.text("why")};
}

struct Kind {
  std::string_view name;
  What (*read)(const Fields&);
};
constexpr std::array<Kind, std::variant_size_v<What>> kKinds{
    {{RunEvent::kName, read_run},
     {CalibrationEvent::kName, read_calibration},
     {StepEvent::kName, read_step},
     {OpEvent::kName, read_op},
     {MapEvent::kName, read_map},
     {RefusalEvent::kName, read_refusal},
     {AdmissionEvent::kName, read_admission},
     {AlarmEvent::kName, read_alarm},
     {SampleEvent::kName, read_sample},
     {FaultEvent::kName, read_fault},
     {HealthEvent::kName, read_health},
     {DependentEndEvent::kName, read_dependent_end},
     {RoutableEvent::kName, read_routable},
     {ShardEvent::kName, read_shard},
     {ClientEvent::kName, read_client},
     {AuditEvent::kName, read_audit},
     {ArmEndEvent::kName, read_arm_end},
     {RecoveryEvent::kName, read_recovery},
     {RestartEvent::kName, read_restart},
     {RemovalEvent::kName, read_removal},
     {RecoveryEndEvent::kName, read_recovery_end},
     {TrialEvent::kName, read_trial},
     {ReadyEvent::kName, read_ready},
     {ProbeEvent::kName, read_probe},
     {OutcomeEvent::kName, read_outcome}}};

OrderedJson nullable(const std::optional<std::int64_t>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

/// Adds an event's own fields to its line.
struct Writer {
  OrderedJson& line;

  void operator()(const RunEvent& e) const {
    line.update({{"run_id", e.run_id},
                 {"experiment", e.experiment},
                 {"kernel", e.kernel},
                 {"hierarchy", e.hierarchy},
                 {"started_at", e.started_at}});
  }
  void operator()(const CalibrationEvent& e) const {
    line.update({{"fleet_size", e.fleet_size}, {"tasks", e.tasks}});
    if (!e.resources.empty()) line["resources"] = e.resources;
    if (!e.caches.empty()) line["caches"] = e.caches;
  }
  void operator()(const StepEvent& e) const {
    line.update({{"fleet_size", e.fleet_size},
                 {"settled", e.settled},
                 {"in_service", e.in_service},
                 {"failed", e.failed}});
    if (e.alarms > 0) line["alarms"] = e.alarms;
  }
  void operator()(const OpEvent& e) const {
    line.update({{"id", e.id},
                 {"phase", phase_name(e.phase)},
                 {"kind", e.kind},
                 {"frontend", e.frontend},
                 {"stream", e.stream},
                 {"shard", e.shard},
                 {"key", e.key},
                 {"sequence", e.sequence}});
    if (!e.client.empty()) line["client"] = e.client;
    if (!e.hash_key.empty()) line["hash_key"] = e.hash_key;
  }
  void operator()(const MapEvent& e) const {
    line.update({{"frontend", e.frontend},
                 {"version", e.version},
                 {"digest", e.digest},
                 {"complete", e.complete},
                 {"tiling", e.tiling},
                 {"published", e.published}});
  }
  void operator()(const RefusalEvent& e) const {
    line.update({{"frontend", e.frontend},
                 {"errno", errno_name(e.error)},
                 {"tasks", e.tasks},
                 {"version", e.version},
                 {"phase", e.phase}});
    if (e.probe) line["probe"] = *e.probe == 0 ? kMade : errno_name(*e.probe);
    if (!e.server.empty()) line["server"] = e.server;
  }
  void operator()(const AdmissionEvent& e) const {
    line.update({{"frontend", e.frontend},
                 {"limit", e.limit},
                 {"scope", e.scope},
                 {"member", e.member},
                 {"left", e.left},
                 {"needed", e.needed},
                 {"fleet_size", e.fleet_size}});
  }
  void operator()(const AlarmEvent& e) const {
    line.update({{"frontend", e.frontend},
                 {"limit", e.limit},
                 {"scope", e.scope},
                 {"used", e.used},
                 {"value", e.value},
                 {"fleet_size", e.fleet_size}});
  }
  void operator()(const SampleEvent& e) const {
    line.update({{"scope", e.scope},
                 {"limit", e.limit},
                 {"where", e.where},
                 {"value", nullable(e.value)},
                 {"tasks", e.tasks},
                 {"pids_events", nullable(e.pids_events)}});
    if (e.used) line["used"] = *e.used;
    if (e.oom_kills) line["oom_kills"] = *e.oom_kills;
  }
  void operator()(const FaultEvent& e) const {
    line.update({{"kind", e.kind}, {"target", e.target}, {"detail", e.detail}});
  }
  void operator()(const HealthEvent& e) const {
    line.update({{"dependent", e.dependent},
                 {"ok", e.ok},
                 {"reason", e.reason},
                 {"buffered", e.buffered},
                 {"dropped", e.dropped}});
  }
  void operator()(const DependentEndEvent& e) const {
    line.update({{"dependent", e.dependent}, {"detail", e.detail}, {"where", e.where}});
    if (e.oom_kills) line["oom_kills"] = *e.oom_kills;
  }
  void operator()(const RoutableEvent& e) const {
    line.update({{"share", e.share}, {"pairs", e.pairs}, {"fleet_size", e.fleet_size}});
  }
  void operator()(const ShardEvent& e) const {
    line.update({{"stream", e.stream},
                 {"shard", e.shard},
                 {"first", e.first},
                 {"last", e.last},
                 {"parents", e.parents},
                 {"closed", e.closed}});
  }
  void operator()(const ClientEvent& e) const {
    line.update({{"client", e.client}, {"operations", e.operations}, {"damage", e.damage}});
  }
  void operator()(const AuditEvent& e) const {
    line.update({{"records", e.records}, {"complete", e.complete}});
    if (e.shards) line["shards"] = *e.shards;
  }
  void operator()(const ArmEndEvent& e) const {
    line.update({{"reason", e.reason}, {"completed", e.completed}});
  }
  void operator()(const RecoveryEvent& e) const {
    line.update({{"strategy", e.strategy}, {"rate", e.rate}, {"fleet_size", e.fleet_size}});
  }
  void operator()(const RestartEvent& e) const {
    line.update({{"frontend", e.frontend}, {"why", e.why}});
  }
  void operator()(const RemovalEvent& e) const {
    line.update({{"frontend", e.frontend}, {"silent_ms", e.silent_ms}});
  }
  void operator()(const RecoveryEndEvent& e) const {
    line.update({{"completed", e.completed}, {"restarts", e.restarts}, {"removals", e.removals}});
  }
  void operator()(const TrialEvent& e) const {
    line.update({{"limit", e.limit}, {"value", nullable(e.value)}});
  }
  void operator()(const ReadyEvent& e) const { line["by"] = e.by; }
  void operator()(const ProbeEvent& e) const {
    line.update({{"in_time", e.in_time}, {"status", e.status}, {"last_line", e.last_line}});
  }
  void operator()(const OutcomeEvent& e) const {
    line.update({{"outcome", e.outcome}, {"why", e.why}});
  }
};

}  // namespace

std::string errno_name(int error) {
  const char* name = strerrorname_np(error);
  return name ? name : std::to_string(error);
}

std::string to_json_line(const Event& event) {
  OrderedJson line;
  line["t_s"] = event.t_s;
  line["arm"] = event.arm;
  std::visit(
      [&line](const auto& what) {
        line["event"] = what.kName;
        Writer{line}(what);
      },
      event.what);
  // A partition key may be any bytes: what is no UTF-8 must not end the run.
  return line.dump(-1, ' ', false, OrderedJson::error_handler_t::replace);
}

Event event_from_json_line(std::string_view line) {
  const Json object = object_of(line);
  const Fields fields(object);
  const std::string name = fields.text("event");
  for (const Kind& kind : kKinds) {
    if (kind.name != name) continue;
    return Event{fields.number("t_s"), fields.text("arm"), kind.read(fields)};
  }
  throw Error("event: \"" + name + "\" is not known");
}

ParsedHistory parse_history(std::string_view text) {
  ParsedHistory parsed;
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = text.find('\n');
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    try {
      parsed.events.push_back(event_from_json_line(line));
    } catch (const Error& error) {
      parsed.damage.push_back("line " + std::to_string(number) + ": " + error.what());
    }
  }
  return parsed;
}

}  // namespace ceiling
