#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/configs/origin.h"

namespace ceiling {

/// One `directive=value` of a unit file or of systemd's own configuration, as systemd.syntax(7)
/// reads it: sections, comments, a backslash at the end of a line that continues it.
struct Assignment {
  std::size_t line = 0;  ///< where it begins, from 1
  std::string value;     ///< without the white space around it; empty: back to the default
};

/// The assignments of `directive` in [`section`], in the order of the text. Damaged lines are
/// passed over; a damaged section header ends the file, as it does for systemd.
std::vector<Assignment> assignments(std::string_view text, std::string_view section,
                                    std::string_view directive);

/// What a percentage is of. Nothing: not known, and a percentage has no value.
struct Whole {
  std::optional<std::int64_t> tasks;         ///< TasksMax=: min(threads-max, pid_max − 1)
  std::optional<std::int64_t> memory_bytes;  ///< MemoryMax=: MemTotal
};

struct SoftHard {
  Amount soft;
  Amount hard;
};

/// The value of TasksMax=, MemoryMax=, LimitNPROC=, LimitAS=, LimitDATA=, LimitMEMLOCK=,
/// LimitNOFILE=, LimitSTACK= and their Default forms, in tasks, descriptors or bytes: "40", "15%",
/// "64M", "1.5G", "infinity", "1024:524288" (soft:hard, limits only; else both are the same).
/// Nothing for what systemd ignores (systemd.resource-control(5), systemd.exec(5)).
std::optional<SoftHard> directive_value(std::string_view directive, std::string_view text,
                                        const Whole& whole);

}  // namespace ceiling
