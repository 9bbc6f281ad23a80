#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "messages.pb.h"

namespace ceiling::frontend {

/// Descriptors that a reading takes at once, at most.
inline constexpr int kDescriptorsOfReading = 4;

/// What this process has used of every limit that can refuse it a thread, and how many threads of
/// kStackBytes are left, by the rules of `ceiling check` (cgroups/headroom.h): exact numbers and
/// bounds, no estimates, the binding limit first. Of RLIMIT_NOFILE: for how many threads of peers
/// there are descriptors. `lent`: so many were let go for the reading and are in use all the same.
/// Reading starts nothing, and throws Error when the kernel's files are not there.
std::function<std::vector<wire::Room>(int lent)> own_rooms();

/// The guardrails that look ahead: what room there is, said to membership, and an alarm once a
/// share of it is used. Lives on the event loop.
class RoomWatch {
 public:
  using Read = std::function<std::vector<wire::Room>(int lent)>;

  /// `report`: somebody is told of the room. `alarm_percent`: of the limit that binds; 0: no alarm.
  /// With neither, nothing is ever read.
  RoomWatch(bool report, int alarm_percent, Read read, std::function<void(std::string)> log)
      : report_(report),
        alarm_percent_(alarm_percent),
        read_(std::move(read)),
        log_(std::move(log)) {}

  bool on() const { return report_ || alarm_percent_ > 0; }
  /// Reads, with the threads for the map of `version` there. `to_come`: how many threads can be
  /// made for peers yet, where that is bounded; a limit that leaves as many is none. What cannot be
  /// read is logged, and there is no room then.
  void read(std::uint64_t version, int lent = 0, std::optional<std::uint64_t> to_come = {});
  /// Of the last reading.
  const wire::Headroom& headroom() const { return headroom_; }
  /// The first one; it stays.
  const std::optional<wire::Alarm>& alarm() const { return alarm_; }

 private:
  bool report_;
  int alarm_percent_;
  Read read_;
  std::function<void(std::string)> log_;
  wire::Headroom headroom_;
  std::optional<wire::Alarm> alarm_;
};

}  // namespace ceiling::frontend
