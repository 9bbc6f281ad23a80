#include "tests/support/e2e/ceiling.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>
#include <stdexcept>

#include "cgroups/control_file.h"
#include "cgroups/hierarchy.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr const char* kMark = "CEILING_TEST_FOLDER";
constexpr const char* kRegistry = "/run/ceiling";

Descriptor capture(const char* name) {
  return Descriptor(::memfd_create(name, MFD_CLOEXEC));
}

std::string contents(const Descriptor& file) {
  std::string text(static_cast<std::size_t>(::lseek(file.get(), 0, SEEK_END)), '\0');
  // A pipe's writer shares the offset: reading by place leaves it alone.
  const ssize_t got = ::pread(file.get(), text.data(), text.size(), 0);
  text.resize(static_cast<std::size_t>(std::max<ssize_t>(got, 0)));
  return text;
}

[[noreturn]] void exec_ceiling(int program, std::vector<std::string> arguments, const How& how,
                               const fs::path& folder, int out, int err) {
  if (how.group != nullptr) {
    for (const int procs : how.group->join_descriptors()) {
      if (::write(procs, "0", 1) != 1) ::_exit(126);
    }
  }
  const int nothing = ::open("/dev/null", O_RDONLY);
  if (::dup2(nothing, 0) != 0 || ::dup2(out, 1) != 1 || ::dup2(err, 2) != 2) ::_exit(126);
  if (::chdir(folder.c_str()) != 0) ::_exit(126);
  ::setenv(kMark, folder.c_str(), 1);
  for (const auto& [name, value] : how.environment) ::setenv(name.c_str(), value.c_str(), 1);
  if (!how.before_exec()) ::_exit(126);
  arguments.insert(arguments.begin(), "ceiling");
  std::vector<char*> argv;
  for (std::string& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  ::fexecve(program, argv.data(), environ);  // by descriptor: others may not reach the build folder
  ::_exit(127);
}

std::string name_of(pid_t pid) {
  const auto proc = "/proc/" + std::to_string(pid);
  const std::string name = read_file_if_there(proc + "/comm").value_or("?\n");
  const auto status = read_file_if_there(proc + "/status").value_or("");
  return fmt::format("process {} {} ({})", pid, name.substr(0, name.size() - 1),
                     value_of(status, "State:").value_or("gone"));
}

bool is_below(const fs::path& file, const fs::path& folder) {
  return file.native().starts_with(folder.native() + "/");
}

}  // namespace

Running::Running(const std::vector<std::string>& arguments, const fs::path& folder, const How& how)
    : out_(capture("stdout")),
      err_(capture("stderr")),
      start_(steady_clock::now()),
      patience_(how.patience) {
  const Descriptor program(::open(CEILING_PROGRAMS "/ceiling", O_PATH | O_CLOEXEC));
  pid_ = ::fork();
  if (pid_ == 0) exec_ceiling(program.get(), arguments, how, folder, out_.get(), err_.get());
  pidfd_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)));
  if (!program || pid_ < 0 || !pidfd_) throw std::runtime_error("ceiling cannot be started");
}

Running::~Running() {
  if (!pidfd_) return;
  signal(SIGKILL);
  ::waitpid(pid_, nullptr, 0);
}

void Running::signal(int number) const {
  ::syscall(SYS_pidfd_send_signal, pidfd_.get(), number, nullptr, 0);
}

bool Running::ended(milliseconds patience) const {
  pollfd end{pidfd_.get(), POLLIN, 0};
  return ::poll(&end, 1, static_cast<int>(patience.count())) == 1;
}

std::string Running::out() const {
  return contents(out_);
}

std::string Running::err() const {
  return contents(err_);
}

Ended Running::wait() {
  if (!ended(patience_)) {
    ADD_FAILURE() << "ceiling did not end in " << patience_.count() << " s; it said\n" << err();
    signal(SIGKILL);
  }
  int status = 0;
  ::waitpid(pid_, &status, 0);
  pidfd_ = Descriptor();
  return {.status = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
          .out = contents(out_),
          .err = contents(err_),
          .seconds = std::chrono::duration<double>(steady_clock::now() - start_).count()};
}

GroupGuard::GroupGuard(const Cgroup& group) {
  const Descriptor test(static_cast<int>(::syscall(SYS_pidfd_open, ::getpid(), 0)));
  // As fork(2), but without SIGCHLD at its end: a test that waits for any child does not see it.
  pid_ = static_cast<pid_t>(::syscall(SYS_clone, 0, nullptr, nullptr, nullptr, 0));
  if (pid_ != 0) return;
  ::setsid();  // what a terminal or `timeout` sends to the test's group is not for us
  pollfd ended{test.get(), POLLIN, 0};
  while (::poll(&ended, 1, -1) != 1) {
  }
  try {
    Cgroup::adopt(group.folders()).destroy(std::chrono::seconds(5));
  } catch (const std::exception& left) {
    std::fprintf(stderr, "%s\n", left.what());
  }
  ::_exit(0);
}

GroupGuard::~GroupGuard() {
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, __WCLONE);
}

void CeilingTest::SetUp() {
  if (const std::string missing = missing_privilege(); !missing.empty()) GTEST_SKIP() << missing;
  fs::permissions(folder(), fs::perms(0755));
  group_ = Cgroup::create(Hierarchy::detect(), fmt::format("ceiling-test-{}", ::getpid()));
  guard_.emplace(*group_);
}

void CeilingTest::TearDown() {
  if (!group_) return;
  EXPECT_EQ(leftovers(), "");
  group_->destroy();
  guard_.reset();
}

Ended CeilingTest::run_ceiling(const std::vector<std::string>& arguments, const How& how) const {
  return start_ceiling(arguments, how).wait();
}

Running CeilingTest::start_ceiling(const std::vector<std::string>& arguments, How how) const {
  if (how.group == nullptr) how.group = &*group_;
  return Running(arguments, folder(), how);
}

std::string CeilingTest::file(const std::string& name, std::string_view text) const {
  std::ofstream(folder() / name) << text;
  return folder() / name;
}

std::string CeilingTest::programs_with(const std::string& name, const std::string& variant) const {
  const fs::path programs = folder() / "programs";
  fs::create_directory(programs);
  for (const char* real : {"ceiling-membership", "ceiling-backend", "ceiling-frontend",
                           "ceiling-cache", "ceiling-client"}) {
    const fs::path original = fs::path(CEILING_PROGRAMS) / real;
    fs::create_symlink(real == name ? fs::path(variant) : original, programs / real);
  }
  return programs;
}

std::vector<fs::path> CeilingTest::runs(const std::string& results) const {
  std::vector<fs::path> found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(folder() / results, missing)) {
    found.push_back(entry.path());
  }
  std::sort(found.begin(), found.end());
  return found;
}

fs::path CeilingTest::only_run() const {
  const auto found = runs();
  EXPECT_EQ(found.size(), 1U);
  return found.empty() ? fs::path() : found.front();
}

std::vector<nlohmann::json> CeilingTest::registered() const {
  std::vector<nlohmann::json> found;
  std::error_code missing;
  for (const auto& entry : fs::directory_iterator(kRegistry, missing)) {
    if (!entry.is_regular_file(missing)) continue;  // a control socket
    const auto text = read_file_if_there(entry.path());
    if (!text || text->find(folder().native()) == std::string::npos) continue;
    found.push_back(nlohmann::json::parse(*text));
  }
  return found;
}

std::string CeilingTest::leftovers(const std::vector<uid_t>& uids) const {
  std::vector<std::string> left;
  const std::string mark = fmt::format("{}={}", kMark, folder().native());
  for (const pid_t pid : numbered_entries("/proc")) {
    const fs::path proc = "/proc/" + std::to_string(pid);
    const auto status = read_file_if_there(proc / "status");
    const auto real_uid = words(value_of(status.value_or(""), "Uid:").value_or(""));
    std::error_code gone;
    const bool ours =
        pid != ::getpid() && (!guard_ || pid != guard_->pid()) &&
        (is_below(fs::read_symlink(proc / "exe", gone), CEILING_PROGRAMS) ||
         read_text(proc / "environ").find(mark) != std::string::npos ||
         (!real_uid.empty() &&
          std::find(uids.begin(), uids.end(), std::stoul(real_uid.front())) != uids.end()));
    if (ours) left.push_back(name_of(pid));
  }
  for (const auto& entry : registered()) {
    left.push_back("registry entry " + entry.at("run_id").get<std::string>());
  }
  for (const fs::path& group : group_->folders()) {
    for (const auto& entry : fs::directory_iterator(group)) {
      if (entry.is_directory() && entry.path().filename() != Cgroup::kCallerLeaf)
        left.push_back("group " + entry.path().native());
    }
  }
  const std::string sockets = read_file("/proc/net/unix");
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    if (!entry.is_directory()) continue;
    const std::string name = entry.path().filename();
    const std::string run_id = name.substr(name.rfind('-') + 1);
    if (sockets.find("@ceiling/" + run_id + "/") != std::string::npos)
      left.push_back("abstract sockets of run " + run_id);
    if (fs::exists("/var/tmp/ceiling-" + run_id)) left.push_back("data of run " + run_id);
  }
  std::string text;
  for (const std::string& line : left) text += line + "\n";
  return text;
}

std::string shipped(const std::string& experiment) {
  return CEILING_SOURCE "/harness/experiments/" + experiment + ".yaml";
}

std::string read_text(const fs::path& path) {
  std::ostringstream text;
  text << std::ifstream(path).rdbuf();
  return text.str();
}

std::string schema_problems(const std::string& schema, const std::string& text, bool every_line) {
  const TemporaryFolder folder;
  const fs::path document = folder.path() / "document";
  std::ofstream(document) << text;
  const std::string command = fmt::format(
      "/usr/bin/python3 {0}/tests/support/e2e/validate.py "
      "{0}/harness/report/schemas/{1}.json {2} {3} 2>&1",
      CEILING_SOURCE, schema, document.native(), every_line ? "--lines" : "");
  const std::unique_ptr<FILE, int (*)(FILE*)> pipe(::popen(command.c_str(), "r"), ::pclose);
  std::string said;
  for (int c = 0; (c = std::fgetc(pipe.get())) != EOF;) said += static_cast<char>(c);
  return said;
}

std::string small_experiment(int pids_max, int end, const std::string& expect,
                             const std::string& guardrails) {
  return fmt::format(
      "experiment: small\n"
      "fleet: {{start: 3, end: {}, step: 1, threads_per_peer: 1}}\n"
      "backends: 1\n"
      "streams: [{{name: orders, shards: 4}}]\n"
      "clients: [{{kind: canary, rate_per_s: 50}}]\n"
      "limits: {{scope: frontend, pids.max: {}}}\n"
      "arms:\n"
      "  - {{name: only, guardrails: {}, expect: {}}}\n",
      end, pids_max, guardrails, expect);
}

}  // namespace ceiling
