#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// A program that can be put under a limit, with how it is known to be ready and healthy: what
/// `ceiling find` takes by its options of the same names.
struct KnownProgram {
  std::string name;
  std::vector<std::string> command;
  std::string user;  ///< whom it runs as where that would be root; empty: root
  std::string before;
  std::string ready;
  std::string ready_log;
  int ready_tcp = 0;  ///< at most one of the three; none: it ends by itself
  std::string probe;
};

/// Reads one from YAML text of at most 1 MiB. `file` names it in findings. Throws BadInput with all
/// of them.
KnownProgram parse_program(std::string_view text, const std::string& file);

}  // namespace ceiling
