#pragma once

#include <string>
#include <string_view>

#include "harness/find/find_result.h"

namespace ceiling {

/// What a search for the smallest healthy limit came to: an answer and a line a trial, by value;
/// `ceiling.find/1` (schemas/find.json).
std::string find_text(const FindResult& result, bool colour);
std::string find_json(const FindResult& result);

/// "pids.max 60: refused-to-start, 1 refusal, ...", a line for who waits.
std::string trial_line(std::string_view limit, const FindTrial& trial);

/// A value in words: "61 tasks", "12.5 MiB".
std::string amount(std::int64_t value, const std::string& unit);

}  // namespace ceiling
