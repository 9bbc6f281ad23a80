#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "harness/observe/dependent_event.h"
#include "harness/observe/recovery_event.h"
#include "harness/observe/trial_event.h"

namespace ceiling {

/// What happened in a run, as seen from outside. One Event is one line of history.jsonl:
/// {"t_s": ..., "arm": ..., "event": "step", ...}. The fields below carry the names of the JSON.

/// The first line of every history: what was run.
struct RunEvent {
  static constexpr std::string_view kName = "run";
  std::string run_id;
  std::string experiment;
  std::string kernel;      ///< uname -r
  std::string hierarchy;   ///< legacy, hybrid, unified
  std::string started_at;  ///< UTC, ISO 8601
};
/// Tasks of every frontend of a small fleet without a limit.
struct CalibrationEvent {
  static constexpr std::string_view kName = "calibration";
  int fleet_size = 0;
  std::vector<std::int64_t> tasks;
  /// What else each of them had in use, by name ("address_space_bytes"); empty in older histories.
  std::map<std::string, std::vector<std::int64_t>> resources = {};
  /// What each cache server had of "tasks" and "descriptors"; empty where there was none.
  std::map<std::string, std::vector<std::int64_t>> caches = {};
};
/// The fleet has this size, and every frontend came to an end of its construction (or, settled
/// false, the time limit passed first).
struct StepEvent {
  static constexpr std::string_view kName = "step";
  int fleet_size = 0;
  bool settled = false;
  int in_service = 0;               ///< frontends that have once had a complete map
  std::vector<std::string> failed;  ///< frontends that could not start or build at this size
  int alarms = 0;                   ///< frontends that have raised an alarm; not written where 0
};
enum class OpPhase { invoke, ok, fail, unknown };
/// An operation of a canary through a frontend, or the audit: a record read from its backend at the
/// end of an arm (kind "audit", phase ok, no frontend). Or an operation of a client of the user's,
/// as it recorded it itself (client_log.h).
struct OpEvent {
  static constexpr std::string_view kName = "op";
  std::uint64_t id = 0;  ///< unique in its client
  OpPhase phase = OpPhase::invoke;
  std::string kind;  ///< "put", "get", "audit"; of clients also "delete", of a stream
  std::string frontend;
  std::string stream;
  int shard = -1;              ///< where it was stored or read; -1 while unknown
  std::string key;             ///< partition key
  std::uint64_t sequence = 0;  ///< 0 while unknown
  std::string client = {};     ///< of the user's; empty: ours
  std::string hash_key = {};   ///< of a put: explicit, decimal; empty: that of the key
};
/// A frontend reports a new state of its map.
struct MapEvent {
  static constexpr std::string_view kName = "map";
  std::string frontend;
  std::uint64_t version = 0;
  std::string digest;  ///< of ranges and owners, hex; equal maps have equal digests
  bool complete = false;
  bool tiling = false;     ///< its ranges tile the hash space of every stream
  bool published = false;  ///< requests are routed by it
};
/// A frontend reports that the kernel refused it a thread, or a cache server the place for it.
struct RefusalEvent {
  static constexpr std::string_view kName = "refusal";
  std::string frontend;
  int error = 0;              ///< JSON "errno", by name ("EAGAIN")
  std::int64_t tasks = 0;     ///< the process's own count at that moment
  std::uint64_t version = 0;  ///< the map version under construction; 0 at start
  std::string phase;          ///< "start" or "build"
  /// What the kernel said to one more task right after: 0 made, else the errno. JSON "made" or the
  /// name; nothing: it was not asked.
  std::optional<int> probe = {};
  std::string server = {};  ///< the cache server that was refused it; empty: the frontend itself

  const std::string& process() const { return server.empty() ? frontend : server; }
};
/// A frontend was kept out of the fleet, because it would have crossed a member's ceiling.
struct AdmissionEvent {
  static constexpr std::string_view kName = "admission";
  std::string frontend;     ///< that was kept out
  std::string limit;        ///< empty: `member` did not say what room it has
  std::string scope;        ///< as that member names it
  std::string member;       ///< whose ceiling
  std::int64_t left = 0;    ///< threads that were left under it
  std::int64_t needed = 0;  ///< threads that the addition takes there
  int fleet_size = 0;       ///< that the addition would have made
};
/// A frontend raised its alarm: so much of its binding limit was used.
struct AlarmEvent {
  static constexpr std::string_view kName = "alarm";
  std::string frontend;
  std::string limit;
  std::string scope;
  std::int64_t used = 0;  ///< of the limit's unit
  std::int64_t value = 0;
  int fleet_size = 0;  ///< frontends at that moment
};
/// One limit in one scope, read from the kernel's files from outside.
struct SampleEvent {
  static constexpr std::string_view kName = "sample";
  std::string scope;  ///< "frontend-3", "cache-1", "fleet", or the group of an ancestor ("/x")
  std::string limit;  ///< by its name in `check`
  std::string where;  ///< the file
  std::optional<std::int64_t> value;
  std::int64_t tasks = 0;
  std::optional<std::int64_t> pids_events;  ///< refusals that the kernel counted there
  /// Of a limit that does not count tasks; of memory.max the most that was charged.
  std::optional<std::int64_t> used = {};
  std::optional<std::int64_t> oom_kills = {};  ///< of memory.max: processes ended by the OOM killer
};
/// Something that the harness did to the fleet, a process that ended by itself, or one without what
/// it relies on.
struct FaultEvent {
  static constexpr std::string_view kName = "fault";
  static constexpr std::string_view kExited = "exited";
  static constexpr std::string_view kKilled = "killed";
  static constexpr std::string_view kShrunk = "shrunk";
  static constexpr std::string_view kRestarted = "restarted";
  static constexpr std::string_view kSilent = "silent";
  static constexpr std::string_view kNoSource = "no-source";
  /// "exited", or what was done by hand: "killed", "shrunk", "restarted"; of a cache server that
  /// membership removed because it did not answer, "silent"; of a frontend that could not build a
  /// map because there is no cache server, "no-source".
  std::string kind;
  std::string target;
  std::string detail;
};
/// Every shard through every frontend in service, at a settled step.
struct RoutableEvent {
  static constexpr std::string_view kName = "routable";
  double share = 0;
  int pairs = 0;
  int fleet_size = 0;
};
/// A shard of a stream that a client made, as membership has it at the end of the arm.
struct ShardEvent {
  static constexpr std::string_view kName = "shard";
  std::string stream;
  int shard = 0;
  std::string first;  ///< of its hash range, decimal; both ends inclusive
  std::string last;
  std::vector<std::int64_t> parents = {};  ///< that it was split or merged from
  bool closed = false;                     ///< split or merged itself: takes no more records
};
/// What a client of the user's had recorded of its operations has been taken in, as far as it could
/// be read.
struct ClientEvent {
  static constexpr std::string_view kName = "client";
  std::string client;
  std::int64_t operations = 0;  ///< `op` events of this client in the arm
  std::vector<std::string> damage = {};
};
/// The arm's frontends have been audited: every record that the backends hold was listed before
/// this.
struct AuditEvent {
  static constexpr std::string_view kName = "audit";
  std::uint64_t records = 0;
  bool complete = false;
  std::optional<std::int64_t> shards = {};  ///< `shard` events of the arm; older histories: nothing
};
/// The arm came to its planned end; without it the arm is unknown.
struct ArmEndEvent {
  static constexpr std::string_view kName = "arm-end";
  static constexpr std::string_view kAdditionRefused = "addition refused";
  std::string
      reason;  ///< "failing size", "addition refused", "end of the fleet", or why it was cut short
  bool completed = false;
};

struct Event {
  double t_s = 0;   ///< monotonic, from the start of the run
  std::string arm;  ///< empty before the first arm
  std::variant<RunEvent, CalibrationEvent, StepEvent, OpEvent, MapEvent, RefusalEvent,
               AdmissionEvent, AlarmEvent, SampleEvent, FaultEvent, HealthEvent, DependentEndEvent,
               RoutableEvent, ShardEvent, ClientEvent, AuditEvent, ArmEndEvent, RecoveryEvent,
               RestartEvent, RemovalEvent, RecoveryEndEvent, TrialEvent, ReadyEvent, ProbeEvent,
               OutcomeEvent>
      what;
};

using History = std::vector<Event>;

}  // namespace ceiling
