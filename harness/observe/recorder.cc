#include "harness/observe/recorder.h"

#include <unistd.h>

#include <cerrno>
#include <string_view>
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
  // A short write does not say why; the next one does.
  for (std::string_view rest = line; !rest.empty();) {
    const ssize_t written = ::write(file_.get(), rest.data(), rest.size());
    if (written < 0) {
      throw HostError("cannot write history.jsonl: " + std::generic_category().message(errno),
                      "make room, or choose another place with --results DIR");
    }
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace ceiling
