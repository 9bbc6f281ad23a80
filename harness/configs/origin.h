#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace ceiling {

/// The value of a limit as `Limit::value` has it: nothing is unlimited.
using Amount = std::optional<std::int64_t>;

/// Where a value was set, as far as the files below a root tell.
struct Origin {
  enum class Source { unknown, kernel_default, systemd_default, sysctl, limits_conf, unit_file };

  Source source = Source::unknown;
  bool in_force = false;  ///< false: the line says another value than the one that holds
  std::string file;       ///< without the root; empty for defaults and where nothing was found
  std::size_t line = 0;   ///< of `file`, from 1
  std::string text;       ///< for people, `set_by` of `check`; empty where nothing is known
};

}  // namespace ceiling
