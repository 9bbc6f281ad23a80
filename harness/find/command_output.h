#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cgroups/descriptor.h"
#include "harness/find/readiness.h"

namespace ceiling {

/// What a command says, on a pipe that is emptied whatever comes: the first kMost bytes go to its
/// log, the rest is counted and dropped. Nothing of it blocks.
class CommandOutput {
 public:
  static constexpr std::uint64_t kMost = std::uint64_t{16} << 20;

  /// `log`: open for appending, borrowed; nothing: only the last line is kept. The pipe belongs to
  /// `owner`, who may open /dev/stdout again. Throws Error.
  CommandOutput(std::optional<int> log, std::optional<uid_t> owner);

  int writing() const { return writing_.get(); }  ///< for the command
  int reading() const { return reading_.get(); }  ///< readable where something is to be taken

  /// A line of its output is to match.
  void watch(const std::string& expression) { line_.emplace(expression); }
  bool matched() const { return line_ && line_->matched(); }

  /// Takes 64 KiB at most; false: there was nothing.
  bool take();
  /// Takes what the pipe can hold at most.
  void take_all();
  /// Nobody writes any more: takes all that is left, and says in the log what was dropped.
  void finish();

  std::uint64_t dropped() const { return dropped_; }
  /// The last five that are not empty, at most some hundred bytes each, also of what was dropped.
  std::vector<std::string> last_lines() const;
  std::string last_line() const;

 private:
  void keep(std::string_view text);

  Descriptor reading_;
  Descriptor writing_;
  std::optional<int> log_;
  std::optional<LineWatch> line_;
  std::string tail_;
  std::uint64_t kept_ = 0;
  std::uint64_t dropped_ = 0;
};

}  // namespace ceiling
