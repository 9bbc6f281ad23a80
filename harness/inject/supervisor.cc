#include "harness/inject/supervisor.h"

#include <fmt/format.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <seccomp.h>
#include <sys/ioctl.h>
#include <sys/uio.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <system_error>

#include "cgroups/control_file.h"
#include "cgroups/error.h"
#include "harness/inject/creation_filter.h"
#include "harness/inject/exported.h"

namespace ceiling {
namespace {

// linux/seccomp.h of 6.6; older headers have no name for them.
constexpr unsigned long kSetFlags = _IOW('!', 4, std::uint64_t);
constexpr std::uint64_t kSyncWakeUp = 1;

CreationKind kind_by(std::uint64_t flags) {
  return (flags & CLONE_THREAD) != 0 ? CreationKind::thread : CreationKind::process;
}

/// How old a thread's name may be: reading it costs as much as all the rest.
constexpr std::chrono::milliseconds kNameKept{10};

}  // namespace

Supervisor::Supervisor(Descriptor listener, const Refusing& refusing, Injection& into)
    : listener_(std::move(listener)), refusing_(refusing), into_(into), chooser_(refusing.choice) {
  require_seccomp(seccomp_notify_alloc(&question_, &answer_), "notifications");
  // The asking thread and we run in turns: from Linux 6.6 on the kernel need not look for another
  // processor each time. Older ones know no such call, and lose nothing but speed.
  ::ioctl(listener_.get(), kSetFlags, kSyncWakeUp);
}

Supervisor::~Supervisor() {
  seccomp_notify_free(question_, answer_);
}

void Supervisor::take() {
  std::memset(question_, 0, sizeof *question_);
  if (seccomp_notify_receive(listener_.get(), question_) != 0) {
    if (errno == ENOENT || errno == EINTR) return;  // who asked is gone
    throw Error("a creation cannot be received: " + std::generic_category().message(errno));
  }
  const std::uint64_t id = question_->id;
  const auto kind = kind_of_question();
  Creation creation = describe();
  // What was read is of another process where who asked has ended meanwhile.
  if (seccomp_notify_id_valid(listener_.get(), id) != 0) return;
  ++into_.seen;
  if (!kind) {
    ++into_.unreadable;
    return answer(id, false);
  }
  creation.kind = *kind;
  const bool chosen = chooser_.refuses(*kind);
  creation.refused = chosen && refusing_.error != 0;
  if (creation.refused) ++into_.refused;
  if (into_.creations.size() < Injection::kMostListed) {
    into_.creations.push_back(std::move(creation));
  }
  if (!chosen || refusing_.delay.count() == 0) return answer(id, chosen);
  delayed_.push_back({id, Clock::now() + refusing_.delay});
}

std::optional<CreationKind> Supervisor::kind_of_question() const {
  const auto call = creation_call(question_->data);
  if (!call) throw Error(fmt::format("system call {} creates nothing", question_->data.nr));
  if (*call == CreationCall::fork) return CreationKind::process;
  if (*call == CreationCall::clone) return kind_by(question_->data.args[0]);
  const auto flags = clone3_flags();
  if (!flags) return std::nullopt;
  return kind_by(*flags);
}

/// As proc_pid_status(5) has it; the thread as its own process where it has ended.
Supervisor::Asker Supervisor::read_asker(pid_t thread) {
  const auto status = read_file_if_there(fmt::format("/proc/{}/status", thread)).value_or("");
  const auto process = value_of(status, "Tgid:");
  return {.process = process ? std::atoi(process->c_str()) : thread,
          .name = value_of(status, "Name:").value_or(""),
          .read = {}};
}

/// The first field of clone_args, see clone3(2).
std::optional<std::uint64_t> Supervisor::clone3_flags() const {
  std::uint64_t flags = 0;
  iovec here{&flags, sizeof flags};
  iovec there{reinterpret_cast<void*>(question_->data.args[0]), sizeof flags};
  const auto thread = static_cast<pid_t>(question_->pid);
  if (::process_vm_readv(thread, &here, 1, &there, 1, 0) != sizeof flags) return std::nullopt;
  return flags;
}

Creation Supervisor::describe() {
  const Clock::time_point now = Clock::now();
  Creation creation;
  creation.t_s = std::chrono::duration<double>(now - started_).count();
  creation.thread = static_cast<pid_t>(question_->pid);
  Asker& asker = askers_[creation.thread];
  if (asker.process == 0 || now - asker.read > kNameKept) {
    asker = read_asker(creation.thread);
    asker.read = now;
  }
  creation.process = asker.process;
  creation.name = asker.name;
  return creation;
}

std::optional<Supervisor::Clock::time_point> Supervisor::due() const {
  if (delayed_.empty()) return std::nullopt;
  return delayed_.front().due;
}

void Supervisor::answer_due(Clock::time_point now) {
  while (!delayed_.empty() && delayed_.front().due <= now) {
    answer(delayed_.front().id, true);
    delayed_.pop_front();
  }
}

/// Who asked may be gone: then nobody misses the answer.
void Supervisor::answer(std::uint64_t id, bool refused) {
  std::memset(answer_, 0, sizeof *answer_);
  answer_->id = id;
  if (refused && refusing_.error != 0) {
    answer_->error = -refusing_.error;
  } else {
    answer_->flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE;
  }
  seccomp_notify_respond(listener_.get(), answer_);
}

}  // namespace ceiling
