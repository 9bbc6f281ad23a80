#pragma once

#include <sys/types.h>

#include <cstdint>
#include <optional>
#include <string_view>

#include "cgroups/descriptor.h"
#include "cgroups/facts.h"
#include "harness/spawn/launcher.h"

namespace ceiling {

/// A running ceiling-testee (testee_main.cc has its commands). Move-only; ends it when destroyed,
/// without waiting. All calls throw Error when it has died or does not answer in time.
class Testee {
 public:
  /// What a `create` came to.
  struct Creation {
    std::int64_t made = 0;
    int error = 0;  ///< errno of the refused pthread_create; 0: none was refused
    int probe = 0;  ///< errno of the process that was asked for right after; 0: it was made
  };

  /// Starts `spec`, whose program is ceiling-testee; its standard input and output become ours.
  /// Throws SpawnError too.
  Testee(Launcher& launcher, ProcessSpec spec);
  Testee(Testee&& other) noexcept = default;
  Testee& operator=(Testee&& other) = delete;
  ~Testee();

  pid_t pid() const { return process_.pid(); }

  /// A command that is to succeed. Throws Error with the errno of its answer.
  void tell(std::string_view command, std::int64_t number);
  /// Sets a soft limit, RLIMIT_*.
  void limit(int resource, std::int64_t soft);
  /// Sleeping threads, made until one is refused.
  Creation make(std::int64_t threads);
  /// Threads until one is refused, at most `most`.
  Creation create(std::int64_t most);
  HeapFacts heap();
  std::int64_t heap_bytes();  ///< that its heap has of the kernel

  /// Ends it and returns when it has been reaped: nothing of it is counted any more. Exits of other
  /// processes that the launcher reports meanwhile are dropped.
  void end(Launcher& launcher);

 private:
  struct Answer {
    std::int64_t first = 0;
    std::int64_t second = 0;
    std::int64_t third = 0;
    std::int64_t fourth = 0;
  };
  Answer ask(std::string_view command, std::int64_t number);

  Descriptor commands_;
  Descriptor answers_;
  ChildProcess process_;
  bool ended_ = false;
};

}  // namespace ceiling
