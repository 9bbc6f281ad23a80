#pragma once

#include <sys/types.h>

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/support/spawn/support.h"

namespace ceiling::testing_programs {

inline constexpr const char* kToken = "the-token-of-this-run";

/// A real program, started as a child with CEILING_TOKEN=`token` (empty: not set). Killed and
/// reaped when it goes out of scope. Waits of at most five seconds end in std::runtime_error.
class Program {
 public:
  /// It is born in the groups of `join`, cgroup.procs files open for writing.
  Program(const char* path, const std::vector<std::string>& arguments,
          const std::string& token = kToken, const std::vector<int>& join = {});
  Program(Program&& other) noexcept;
  Program& operator=(Program&&) = delete;
  ~Program();

  /// From its line "address 127.0.0.1:PORT" on stdout.
  std::string address();
  /// The log up to and including `text`, as soon as it is there.
  std::string wait_for_log(std::string_view text);
  /// Entries of /proc/PID/task.
  std::size_t tasks() const;
  pid_t pid() const { return pid_; }
  void signal(int number) const;
  /// The wait(2) status, after sending `number` (0: nothing).
  int end(int number);
  /// `folder` goes with it.
  void keep(std::shared_ptr<const TemporaryFolder> folder) { folder_ = std::move(folder); }

 private:
  pid_t pid_ = -1;
  int out_ = -1;
  int log_ = -1;
  std::string read_out_;
  std::string read_log_;
  std::shared_ptr<const TemporaryFolder> folder_;
};

/// `membership` with one stream "orders" of four shards; `more` comes after.
Program start_membership(std::vector<std::string> more = {});
/// With a data folder of its own, unless `more` has one.
Program start_backend(const std::string& name, const std::string& membership,
                      std::vector<std::string> more = {}, const char* program = CEILING_BACKEND);
/// Says its addresses in its status, and nothing on stdout.
Program start_frontend(const std::string& name, const std::string& membership,
                       const std::string& status, std::vector<std::string> more = {},
                       const std::vector<int>& join = {});
/// A name in the abstract namespace that no other test uses.
std::string status_name();

}  // namespace ceiling::testing_programs
