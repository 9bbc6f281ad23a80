#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "cgroups/facts.h"
#include "harness/check/answer.h"

namespace ceiling {

/// One `--set NAME=VALUE`: a value that a limit is to have instead of its own.
struct Change {
  std::string name;                     ///< of `check`'s rows, RLIMIT_STACK, or "stack"
  std::string group;                    ///< pids.max and memory.max; empty: the target's own
  std::optional<std::int64_t> value{};  ///< nothing: unlimited
  std::string text;                     ///< as it was typed
};

/// NAME=VALUE, or NAME:GROUP=VALUE for the group limits. VALUE is a plain number, `max` or
/// `unlimited`; where it counts bytes also with K, M, G or T. Throws BadInput with the nearest
/// name.
Change parse_change(std::string_view text);

/// A number of bytes, plain or with K, M, G or T (1024 each); nothing for all else and for more
/// than 2^62.
std::optional<std::int64_t> bytes_of(std::string_view text);

/// False where `change` names a group that is not on the path of the place, or means its own and it
/// has none.
bool concerns(const Change& change, const PlaceFacts& place);

/// Lays `change` over what was read ("stack": over what is needed), and its setting is `--set ...`
/// from then on. Throws BadInput where the target has no such group.
void apply(const Change& change, Subject& subject, Need& need);

/// Gives the limit `name` of `scope` (a group, or what the row says) a value. Names without a place
/// in `facts` are passed over.
void set_limit(Facts& facts, std::string_view name, std::string_view scope,
               std::optional<std::int64_t> value);

}  // namespace ceiling
