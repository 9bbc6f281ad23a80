#include "tests/support/workload_programs/program.h"

#include <fcntl.h>
#include <poll.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace ceiling::testing_programs {
namespace {

using std::chrono::steady_clock;

constexpr auto kPatience = std::chrono::seconds(5);

[[noreturn]] void become(const char* path, char* const* arguments, char* const* environment,
                         pid_t parent, int out, int log, const std::vector<int>& join) {
  for (const int group : join) {
    if (::write(group, "0", 1) != 1) ::_exit(125);
  }
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != parent || ::dup2(out, STDOUT_FILENO) < 0 || ::dup2(log, STDERR_FILENO) < 0) {
    ::_exit(126);
  }
  ::execve(path, arguments, environment);
  ::_exit(127);
}

std::array<int, 2> make_pipe() {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw std::system_error(errno, std::generic_category(), "pipe2");
  }
  return ends;
}

// Reads on until `text` is there; the place after it.
std::size_t read_until(int from, std::string& have, std::string_view text) {
  const auto deadline = steady_clock::now() + kPatience;
  for (auto at = have.find(text); true; at = have.find(text)) {
    if (at != std::string::npos) return at + text.size();
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - steady_clock::now());
    pollfd ready{from, POLLIN, 0};
    std::array<char, 4096> chunk{};
    ssize_t got = 0;
    if (left.count() > 0 && ::poll(&ready, 1, static_cast<int>(left.count())) == 1) {
      got = ::read(from, chunk.data(), chunk.size());
    }
    if (got <= 0) {
      throw std::runtime_error("\"" + std::string(text) + "\" did not come, only:\n" + have);
    }
    have.append(chunk.data(), static_cast<std::size_t>(got));
  }
}

}  // namespace

Program::Program(const char* path, const std::vector<std::string>& arguments,
                 const std::string& token, const std::vector<int>& join) {
  std::vector<std::string> words{path};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> argv;
  for (std::string& word : words) argv.push_back(word.data());
  argv.push_back(nullptr);
  std::string variable = "CEILING_TOKEN=" + token;
  const std::array<char*, 2> environment{token.empty() ? nullptr : variable.data(), nullptr};
  const auto out = make_pipe();
  const auto log = make_pipe();
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ == 0) become(path, argv.data(), environment.data(), parent, out[1], log[1], join);
  ::close(out[1]);
  ::close(log[1]);
  out_ = out[0];
  log_ = log[0];
  if (pid_ < 0) throw std::system_error(errno, std::generic_category(), "fork");
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      out_(std::exchange(other.out_, -1)),
      log_(std::exchange(other.log_, -1)),
      read_out_(std::move(other.read_out_)),
      read_log_(std::move(other.read_log_)),
      folder_(std::move(other.folder_)) {}

Program::~Program() {
  if (pid_ > 0) end(SIGKILL);
  if (out_ >= 0) ::close(out_);
  if (log_ >= 0) ::close(log_);
}

std::string Program::address() {
  constexpr std::string_view kWord = "address ";
  const std::size_t end = read_until(out_, read_out_, "\n");
  if (!read_out_.starts_with(kWord)) throw std::runtime_error("no address but " + read_out_);
  return read_out_.substr(kWord.size(), end - 1 - kWord.size());
}

std::string Program::wait_for_log(std::string_view text) {
  return read_log_.substr(0, read_until(log_, read_log_, text));
}

std::size_t Program::tasks() const {
  const std::filesystem::directory_iterator tasks("/proc/" + std::to_string(pid_) + "/task");
  return static_cast<std::size_t>(std::distance(tasks, {}));
}

void Program::signal(int number) const {
  if (pid_ > 0) ::kill(pid_, number);  // -1, after its end, would be everybody
}

int Program::end(int number) {
  if (number != 0) signal(number);
  int status = -1;
  while (::waitpid(pid_, &status, 0) < 0 && errno == EINTR) continue;
  pid_ = -1;
  return status;
}

Program start_membership(std::vector<std::string> more) {
  more.insert(more.begin(), {"--stream", "orders:4"});
  return {CEILING_MEMBERSHIP, more};
}

Program start_backend(const std::string& name, const std::string& membership,
                      std::vector<std::string> more, const char* program) {
  std::shared_ptr<const TemporaryFolder> data;
  if (std::find(more.begin(), more.end(), "--data") == more.end()) {
    data = std::make_shared<TemporaryFolder>();
    more.insert(more.begin(), {"--data", data->path() / "data"});
  }
  more.insert(more.begin(), {"--name", name, "--membership", membership});
  Program backend(program, more);
  backend.keep(std::move(data));
  return backend;
}

Program start_frontend(const std::string& name, const std::string& membership,
                       const std::string& status, std::vector<std::string> more,
                       const std::vector<int>& join) {
  more.insert(more.begin(), {"--name", name, "--membership", membership, "--status", status});
  return {CEILING_FRONTEND, more, kToken, join};
}

std::string status_name() {
  static int count = 0;
  return "@ceiling-test-" + std::to_string(::getpid()) + "-" + std::to_string(++count);
}

}  // namespace ceiling::testing_programs
