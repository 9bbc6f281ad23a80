#include "harness/fleet/site.h"

#include <fmt/format.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

constexpr int kStatusDescriptor = 3;

Error data_error(const fs::path& folder) {
  return Error(
      fmt::format("data folder {}: {}", folder.string(), std::generic_category().message(errno)));
}

/// Root's; others may only pass through, to what they know of.
void make_new_folder(const fs::path& folder) {
  if (::mkdir(folder.c_str(), 0711) != 0 || ::chmod(folder.c_str(), 0711) != 0) {
    throw data_error(folder);
  }
}

std::string random_token() {
  std::array<unsigned char, 16> bytes{};
  if (::getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    throw std::system_error(errno, std::generic_category(), "getrandom");
  }
  std::string token;
  for (const unsigned char byte : bytes) token += fmt::format("{:02x}", byte);
  return token;
}

}  // namespace

std::filesystem::path find_programs(const std::filesystem::path& chosen) {
  auto folder = chosen.empty() ? std::filesystem::canonical("/proc/self/exe").parent_path()
                               : std::filesystem::absolute(chosen);
  for (const char* program : {"ceiling-membership", "ceiling-backend", "ceiling-frontend",
                              "ceiling-cache", "ceiling-client"}) {
    if (::access((folder / program).c_str(), X_OK) != 0) {
      throw HostError(fmt::format("{}: {}", (folder / program).string(),
                                  std::generic_category().message(errno)),
                      "build the target `programs`, or name their folder with --programs DIR");
    }
  }
  return folder;
}

Site::Site(RegistryEntry entry, EventLoop& loop, Launcher& launcher, Cgroup& group,
           Recorder& recorder, const ResultsFolder& results, std::filesystem::path programs)
    : entry_(std::move(entry)),
      loop_(loop),
      launcher_(launcher),
      group_(group),
      recorder_(recorder),
      results_(results),
      programs_(std::move(programs)),
      token_(random_token()),
      exits_(loop.context(), launcher.descriptor()) {
  if (!entry_.data.empty()) make_new_folder(entry_.data);
  watch_exits();
}

fs::path Site::make_data_folder(const std::string& label, const std::string& name) const {
  const fs::path fleet = entry_.data / label;
  if (!fs::exists(fleet)) make_new_folder(fleet);
  fs::path folder = fleet / name;
  make_new_folder(folder);
  if (::chmod(folder.c_str(), 0700) != 0 ||
      ::chown(folder.c_str(), service_uid(), service_uid()) != 0) {
    throw data_error(folder);
  }
  return folder;
}

void Site::remove_data_folders(const std::string& label) const {
  std::error_code error;
  fs::remove_all(entry_.data / label, error);
  if (error)
    throw Error(fmt::format("remove {}: {}", (entry_.data / label).string(), error.message()));
}

// The descriptor is the launcher's own.
Site::~Site() {
  exits_.release();
}

void Site::on_exit(std::function<void(const Exit&)> handler) {
  on_exit_ = std::move(handler);
  watched_.clear();
}

void Site::watch_exits() {
  exits_.async_wait(boost::asio::posix::stream_descriptor::wait_read,
                    [this](boost::system::error_code error) {
                      if (error) return;
                      for (const Exit& exit : launcher_.exits()) {
                        if (watched_.erase(exit.pid) > 0 && on_exit_) on_exit_(exit);
                      }
                      watch_exits();
                    });
}

Site::Started Site::start(const Start& start, std::function<void(const wire::Status&)> on_status) {
  std::string name = fmt::format("{}-{}", start.label, start.name);
  if (const int number = ++starts_[name]; number > 1) name += fmt::format(".{}", number);
  const std::string status_name = fmt::format("ceiling/{}/{}", entry_.run_id, name);
  const Descriptor log = results_.open_log(name + ".log");
  const Descriptor status = listen_for_status(status_name);
  StatusWatch watch(loop_.context().get_executor(), status_name, std::move(on_status));
  ProcessSpec spec;
  spec.name = start.name;
  spec.program = programs_ / start.program;
  spec.arguments = {"--name", start.name, "--status", fmt::format("fd:{}", kStatusDescriptor)};
  spec.arguments.insert(spec.arguments.end(), start.arguments.begin(), start.arguments.end());
  spec.environment = {{"CEILING_TOKEN", token_}};
  spec.join = start.group->join_descriptors();
  spec.uid = start.uid;
  spec.rlimits = start.rlimits;
  spec.rlimits.emplace_back(RLIMIT_CORE, 0);
  spec.descriptors = start.descriptors;
  spec.descriptors[STDOUT_FILENO] = log.get();
  spec.descriptors[STDERR_FILENO] = log.get();
  spec.descriptors[kStatusDescriptor] = status.get();
  if (start.pid_namespace != nullptr) spec.pid_namespace = start.pid_namespace->pidfd();
  ChildProcess process = launcher_.start(spec);
  watched_.insert(process.pid());
  return {std::move(process), std::move(watch)};
}

std::string describe(const Exit& exit) {
  const int status = exit.status;
  if (WIFEXITED(status)) return fmt::format("exit status {}", WEXITSTATUS(status));
  if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
  return fmt::format("wait status {}", status);
}

std::pair<int, rlim_t> as_granted(int resource) {
  rlimit limit{};
  ::getrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return {resource, limit.rlim_max};
}

}  // namespace ceiling
