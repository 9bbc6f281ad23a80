#pragma once

#include <string_view>

#include "messages.pb.h"

namespace ceiling {

/// What is taken in from outside is checked here, before it reaches a message to others: one bad
/// name must not make a broadcast too long or a log line unreadable. All throw wire::ProtocolError.

/// 1 to 64 characters, letters, digits, "-", "_" and ".".
void check_name(std::string_view name);
/// The same, up to 128 characters.
void check_stream_name(std::string_view name);
/// A numeric loopback address with a port.
void check_address(std::string_view address);
/// 12 digits, and not the fleet's own.
void check_account(std::string_view id);

/// Names by length first, so that numbers at the end are in order.
struct ByNumber {
  using is_transparent = void;
  bool operator()(std::string_view a, std::string_view b) const {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  }
};

/// More shards than this in all streams together would not fit the messages that list them.
inline constexpr int kMaxShards = 10'000;
/// "orders:32": a name as above, up to 128 characters, and 1 to kMaxShards shards.
wire::Stream stream_from(std::string_view text);

}  // namespace ceiling
