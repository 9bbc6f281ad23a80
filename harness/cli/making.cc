#include "harness/cli/making.h"

#include <sys/signalfd.h>
#include <sys/utsname.h>

#include <array>
#include <ctime>

#include "cgroups/error.h"
#include "harness/cli/verb.h"

namespace ceiling {

ResultsFolder make_results_folder(const std::filesystem::path& parent,
                                  const std::string& experiment, const std::string& run_id) {
  try {
    return ResultsFolder::create(parent, experiment, run_id);
  } catch (const Error& error) {
    throw Usage(error.what());
  }
}

RunEvent describe_run(const std::string& run_id, const std::string& experiment,
                      const Hierarchy& hierarchy) {
  utsname host{};
  ::uname(&host);
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &utc);
  return {.run_id = run_id,
          .experiment = experiment,
          .kernel = host.release,
          .hierarchy = std::string(to_string(hierarchy.mode())),
          .started_at = text.data()};
}

SignalsHeld::SignalsHeld() {
  sigemptyset(&held_);
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) sigaddset(&held_, number);
  ::sigprocmask(SIG_BLOCK, &held_, &before_);
}

void SignalsHeld::release() {
  ::sigprocmask(SIG_SETMASK, &before_, nullptr);
}

Descriptor SignalsHeld::as_file() const {
  return Descriptor(::signalfd(-1, &held_, SFD_CLOEXEC | SFD_NONBLOCK));
}

}  // namespace ceiling
