#include "workload/membership/checks.h"

#include <fmt/format.h>

#include <charconv>
#include <stdexcept>

#include "workload/protocol/accounts.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/process.h"

namespace ceiling {
namespace {

constexpr std::size_t kMaxName = 64;
constexpr std::size_t kMaxStreamName = 128;  // as the public protocol has it
constexpr std::size_t kMaxAddress = 64;

bool is_name(std::string_view text, std::size_t most) {
  constexpr std::string_view kAllowed =
      "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";
  return !text.empty() && text.size() <= most &&
         text.find_first_not_of(kAllowed) == std::string_view::npos;
}

}  // namespace

void check_name(std::string_view name) {
  if (!is_name(name, kMaxName)) {
    throw wire::ProtocolError(
        fmt::format("a name must be 1 to {} letters, digits, \"-\", \"_\" or \".\"", kMaxName));
  }
}

void check_stream_name(std::string_view name) {
  if (!is_name(name, kMaxStreamName)) {
    throw wire::ProtocolError(fmt::format(
        "a stream's name must be 1 to {} letters, digits, \"-\", \"_\" or \".\"", kMaxStreamName));
  }
}

void check_address(std::string_view address) {
  if (address.size() > kMaxAddress) throw wire::ProtocolError("an address that is too long");
  try {
    const auto endpoint = wire::endpoint_of(address);
    if (endpoint.address().is_loopback() && endpoint.port() != 0) return;
  } catch (const std::invalid_argument&) {
    // Said below: what() would repeat bytes that came from outside.
  }
  throw wire::ProtocolError("an address that is not a loopback address with a port");
}

void check_account(std::string_view id) {
  const bool digits = id.size() == 12 && id.find_first_not_of("0123456789") == id.npos;
  if (!digits || id == kFleetAccount) {
    throw wire::ProtocolError(
        fmt::format("\"{}\" is no further account: expected 12 digits, not {}", id, kFleetAccount));
  }
}

wire::Stream stream_from(std::string_view text) {
  const auto colon = text.rfind(':');
  int shards = 0;
  if (colon != std::string_view::npos && is_name(text.substr(0, colon), kMaxStreamName)) {
    const char* end = text.data() + text.size();
    const auto parsed = std::from_chars(text.data() + colon + 1, end, shards);
    if (parsed.ec == std::errc{} && parsed.ptr == end && shards >= 1 && shards <= kMaxShards) {
      wire::Stream stream;
      stream.set_name(std::string(text.substr(0, colon)));
      stream.set_shards(static_cast<std::uint32_t>(shards));
      return stream;
    }
  }
  throw wire::ProtocolError(
      fmt::format("\"{}\" is no stream: expected NAME:SHARDS, 1 to {} shards", text, kMaxShards));
}

}  // namespace ceiling
