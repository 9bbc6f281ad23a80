#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "harness/observe/event.h"

namespace ceiling {

/// The name of an error number ("EAGAIN"), or its digits where glibc has no name for it. See
/// errno(3).
std::string errno_name(int error);

/// One line, without the newline.
std::string to_json_line(const Event& event);
/// Throws Error naming what is wrong with the line: no JSON, a field that is missing, of another
/// type or out of range, an event of an unknown name. Fields that it does not know are passed over.
Event event_from_json_line(std::string_view line);

struct ParsedHistory {
  History events;
  std::vector<std::string> damage;  ///< "line 17: ..." for every line that could not be read
};
/// Reads a whole history.jsonl. A damaged line is reported and passed over, never guessed.
ParsedHistory parse_history(std::string_view text);

}  // namespace ceiling
