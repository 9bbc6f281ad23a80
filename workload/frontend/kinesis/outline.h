#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling::frontend::kinesis {

/// No request of the API is deeper than three, or has more than 500 records.
inline constexpr std::size_t kMostDepth = 16;
inline constexpr std::size_t kMostValues = 10'000;

/// Whether a body may be given to the parser: one pass over the bytes, without memory or recursion,
/// finds that it is nested no deeper and holds no more values than the above. It is not said
/// whether the body is well-formed, which is the parser's to find.
bool json_is_bounded(std::string_view body);

/// The same for CBOR, and a copy for the parser to read: without tags, of which it does not know
/// all. The parser recurses and wraps numbers round, so there is none of a body that does not end
/// where its lengths say, or that has an integer below -2^63.
std::optional<std::string> bounded_cbor(std::string_view body);

}  // namespace ceiling::frontend::kinesis
