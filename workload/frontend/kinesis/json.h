#pragma once

#include <optional>
#include <string_view>

#include "workload/frontend/kinesis/body.h"

namespace ceiling::frontend::kinesis {

/// Strict JSON (RFC 8259), UTF-8 throughout; of two members of one name the last counts. Nothing
/// for anything else.
std::optional<Document> parse_json(std::string_view text);

}  // namespace ceiling::frontend::kinesis
