#pragma once

#include <string>

#include "cgroups/descriptor.h"
#include "harness/find/command_output.h"

namespace ceiling {

/// What a run says on one stream, its beginning in memory, to be compared with another run's.
class KeptOutput {
 public:
  KeptOutput();  ///< Throws Error.

  CommandOutput& stream() { return stream_; }

  /// The first MiB. Nobody writes any more.
  std::string text();
  std::string last_line() const { return stream_.last_line(); }

 private:
  Descriptor memory_;
  CommandOutput stream_;
};

}  // namespace ceiling
