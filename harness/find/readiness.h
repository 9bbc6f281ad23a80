#pragma once

#include <regex>
#include <string>

#include "cgroups/descriptor.h"

namespace ceiling {

/// True where 127.0.0.1:port accepts a connection.
bool listens(int port);

/// Looks for a line in a log that is being written.
class LogWatch {
 public:
  /// `file`: open, for writing only if need be. Throws std::regex_error.
  LogWatch(int file, const std::string& expression);

  /// True once a whole line matched, of those that came since the last call. Of longer lines the
  /// first 4096 bytes count.
  bool matched();

 private:
  Descriptor reading_;
  std::regex expression_;
  std::string line_;
};

}  // namespace ceiling
