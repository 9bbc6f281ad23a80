#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

/// RFC 4648, with padding.
std::string to_base64(std::string_view data);
/// Nothing for what to_base64() never gives: other characters, white space, missing padding, bits
/// behind the last byte.
std::optional<std::string> from_base64(std::string_view text);

}  // namespace ceiling
