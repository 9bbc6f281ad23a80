#include "harness/observe/recorder.h"

#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {

Recorder::Recorder(Descriptor file)
    : file_(std::move(file)), start_(std::chrono::steady_clock::now()) {}

double Recorder::elapsed_s() const {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
}

void Recorder::write(const Event& event) {
  std::string line = to_json_line(event);
  line += '\n';
  const ssize_t written = ::write(file_.get(), line.data(), line.size());
  if (written == static_cast<ssize_t>(line.size())) return;
  const int error = written < 0 ? errno : ENOSPC;
  throw HostError("cannot write history.jsonl: " + std::generic_category().message(error),
                  "make room, or choose another place with --results DIR");
}

}  // namespace ceiling
