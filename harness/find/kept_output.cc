#include "harness/find/kept_output.h"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {
namespace {

constexpr std::size_t kMost = 1 << 20;

Descriptor memory() {
  Descriptor made(::memfd_create("ceiling-output", MFD_CLOEXEC));
  if (!made) throw Error("memfd_create: " + std::generic_category().message(errno));
  return made;
}

}  // namespace

KeptOutput::KeptOutput() : memory_(memory()), stream_(memory_.get(), std::nullopt) {}

std::string KeptOutput::text() {
  stream_.finish();
  const off_t size = ::lseek(memory_.get(), 0, SEEK_END);
  std::string text(std::min(static_cast<std::size_t>(std::max<off_t>(0, size)), kMost), '\0');
  const ssize_t got = ::pread(memory_.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(0, got)));
  return text;
}

}  // namespace ceiling
