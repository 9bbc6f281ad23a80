#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>
#include <optional>
#include <string>

#include "cgroups/descriptor.h"
#include "harness/inject/injection.h"

struct seccomp_notif;
struct seccomp_notif_resp;

namespace ceiling {

/// What is done to creations.
struct Refusing {
  Choice choice;
  int error = 0;                      ///< errno of a refusal; 0: they are delayed only
  std::chrono::nanoseconds delay{0};  ///< before a chosen creation is answered
};

/// Answers, one after the other, whatever a tree asks by its creation filter. Creations that are
/// not refused go on to the kernel, whose own limits apply to them as ever.
class Supervisor {
 public:
  using Clock = std::chrono::steady_clock;

  /// Takes the listener of the tree's filter. `into` is told what happens and outlives this.
  Supervisor(Descriptor listener, const Refusing& refusing, Injection& into);
  ~Supervisor();

  /// To be polled: readable when a question waits, hung up when the tree has ended.
  int listener() const { return listener_.get(); }
  /// Takes the question that waits. Throws Error when the kernel does not give it.
  void take();
  /// When the next delayed creation is due.
  std::optional<Clock::time_point> due() const;
  /// Answers what is due.
  void answer_due(Clock::time_point now);

 private:
  struct Delayed {
    std::uint64_t id;
    Clock::time_point due;
  };

  std::optional<CreationKind> kind_of_question() const;
  std::optional<std::uint64_t> clone3_flags() const;
  Creation describe();
  void answer(std::uint64_t id, bool refused);

  Descriptor listener_;
  Refusing refusing_;
  Injection& into_;
  Chooser chooser_;
  Clock::time_point started_ = Clock::now();
  seccomp_notif* question_ = nullptr;
  seccomp_notif_resp* answer_ = nullptr;
  std::deque<Delayed> delayed_;  // the first due first
  /// Of a thread that has asked.
  struct Asker {
    pid_t process = 0;
    std::string name;
    Clock::time_point read;
  };
  static Asker read_asker(pid_t thread);
  std::map<pid_t, Asker> askers_;
};

}  // namespace ceiling
