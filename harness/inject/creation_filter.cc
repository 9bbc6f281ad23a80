#include "harness/inject/creation_filter.h"

#include <seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <memory>
#include <string>
#include <utility>

#include "cgroups/error.h"
#include "harness/inject/exported.h"

namespace ceiling {
namespace {

// linux/seccomp.h of 5.19; older headers have no name for it.
constexpr unsigned kWaitKillable = 1U << 5;
// Linux numbers the calls of x32 from here on, under the architecture of x86-64.
constexpr int kX32Bit = 0x40000000;

constexpr std::array<std::pair<const char*, CreationCall>, 4> kCalls = {
    {{"clone", CreationCall::clone},
     {"clone3", CreationCall::clone3},
     {"fork", CreationCall::fork},
     {"vfork", CreationCall::fork}}};

/// ABIs in which a process of this machine may call, besides the native one.
std::vector<std::uint32_t> foreign_abis() {
  switch (seccomp_arch_native()) {
    case SCMP_ARCH_X86_64:
      return {SCMP_ARCH_X86, SCMP_ARCH_X32};
    case SCMP_ARCH_AARCH64:
      return {SCMP_ARCH_ARM};
    default:
      return {};
  }
}

}  // namespace

std::vector<sock_filter> creation_filter() {
  const std::unique_ptr<void, void (*)(scmp_filter_ctx)> context(seccomp_init(SCMP_ACT_ALLOW),
                                                                 seccomp_release);
  if (!context) throw Error("seccomp filter: cannot be made");
  for (const std::uint32_t abi : foreign_abis()) {
    require_seccomp(seccomp_arch_add(context.get(), abi), "another ABI");
  }
  for (const auto& [name, call] : kCalls) {
    const int number = seccomp_syscall_resolve_name(name);
    if (number == __NR_SCMP_ERROR) continue;  // not on this architecture
    require_seccomp(seccomp_rule_add(context.get(), SCMP_ACT_NOTIFY, number, 0), name);
  }
  return exported(context.get());
}

int listen_by_filter(std::span<const sock_filter> filter) noexcept {
  sock_fprog program{};
  program.len = static_cast<unsigned short>(filter.size());
  program.filter = const_cast<sock_filter*>(filter.data());
  for (const unsigned more : {kWaitKillable, 0U}) {
    const long listener = ::syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER,
                                    SECCOMP_FILTER_FLAG_NEW_LISTENER | more, &program);
    if (listener >= 0) return static_cast<int>(listener);
    if (errno != EINVAL) break;
  }
  return -errno;
}

std::optional<CreationCall> creation_call(const seccomp_data& data) {
  struct Known {
    std::uint32_t abi;
    int number;
    CreationCall call;
  };
  static const std::vector<Known> known = [] {
    std::vector<std::uint32_t> abis = foreign_abis();
    abis.push_back(seccomp_arch_native());
    std::vector<Known> all;
    for (const std::uint32_t abi : abis) {
      for (const auto& [name, call] : kCalls) {
        all.push_back({abi, seccomp_syscall_resolve_name_arch(abi, name), call});
      }
    }
    return all;
  }();
  const bool x32 = data.arch == SCMP_ARCH_X86_64 && (data.nr & kX32Bit) != 0;
  const std::uint32_t abi = x32 ? SCMP_ARCH_X32 : data.arch;
  for (const Known& one : known) {
    if (one.abi == abi && one.number == data.nr) return one.call;
  }
  return std::nullopt;
}

}  // namespace ceiling
