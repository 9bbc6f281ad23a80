#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <utility>

#include "messages.pb.h"

namespace ceiling {

/// Numbers the operations of this process, says when each begins and how it ends, and counts.
class OperationLog {
 public:
  using Sink = std::function<void(const wire::Operation&)>;

  struct Counts {
    std::uint64_t puts_ok = 0;
    std::uint64_t puts_failed = 0;  ///< and those whose end is unknown
    std::uint64_t gets_ok = 0;
    std::uint64_t gets_failed = 0;
  };

  explicit OperationLog(Sink sink) : sink_(std::move(sink)) {}

  /// Says PHASE_INVOKE. Returns the operation with its id.
  wire::Operation begin(wire::Operation operation);
  /// Says how it ended.
  void end(wire::Operation operation, wire::Phase phase, const std::string& error = "");
  /// A record that was found in the backend `shard` lives on.
  void found(const std::string& stream, int shard, const wire::Record& record);

  const Counts& counts() const { return counts_; }
  /// Puts and gets that have ended.
  std::uint64_t ended() const;

 private:
  Sink sink_;
  Counts counts_;
  std::uint64_t next_id_ = 1;
};

}  // namespace ceiling
