#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "harness/observe/history.h"

namespace ceiling {

class Fields;

/// What one client of the user's wrote of its operations, a JSON object a line, in the order in
/// which it happened to it:
///
///     {"at_s": 1764153600.25, "id": 1, "phase": "invoke", "kind": "put", "stream": "s", "key":
///     "k"}
///     {"at_s": 1764153600.31, "id": 1, "phase": "ok", "shard": 0, "sequence": 17}
///     {"at_s": 1764153601.00, "id": 2, "phase": "invoke", "kind": "get", "stream": "s", "shard":
///     0}
///     {"at_s": 1764153601.02, "id": 2, "phase": "ok", "key": "k", "sequence": 17}
///     {"at_s": 1764153602.00, "id": 3, "phase": "invoke", "kind": "delete", "stream": "s"}
///
/// `at_s` is Unix time. A put with an ExplicitHashKey has it as `hash_key`, decimal. `invoke` is
/// written before the request is sent. A put, and the removal of a stream, end once: `ok`, `fail`
/// (it did not happen) or `unknown` (it may have); what has no end is unknown. A get is the reading
/// of one shard from one iterator on: an `ok` for every record that it was given, none left out.
class ClientLog {
 public:
  struct Line {
    double at_s = 0;
    OpEvent op;
  };

  explicit ClientLog(std::string client) : client_(std::move(client)) {}

  /// The next line. Throws Error that names what is wrong with it; it is passed over then.
  Line read(std::string_view line);

 private:
  struct Begun {
    OpEvent op;
    bool ended = false;
  };
  OpEvent begin(const Fields& fields, std::uint64_t id);
  OpEvent end(const Fields& fields, std::uint64_t id, OpPhase phase);

  std::string client_;
  std::unordered_map<std::uint64_t, Begun> begun_;
};

}  // namespace ceiling
