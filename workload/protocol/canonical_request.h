#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

/// The text of a request that is signed: part of signature_v4.h, which says what it follows.
namespace ceiling::sigv4 {

struct Header {
  std::string_view name;
  std::string_view value;
};

/// A view of a request as it stands on the wire.
struct Request {
  std::string_view method;
  std::string_view target;  ///< path?query, undecoded
  std::span<const Header> headers;
  std::string_view body;
};

/// ASCII only.
std::string lower(std::string_view text);

/// The parts between any of `separators`, empty ones too.
std::vector<std::string_view> split(std::string_view text, std::string_view separators);

/// The value of a header, trimmed, each run of white space one space: no line break is left.
/// Several headers of one name are one value, joined by commas in their order.
std::optional<std::string> value_of(std::span<const Header> headers, std::string_view lower_name);

/// `names` are in lower case and sorted; nothing when one of them is not there.
std::optional<std::string> canonical_request(const Request& request,
                                             std::span<const std::string> names,
                                             std::string_view body_hash);

}  // namespace ceiling::sigv4
