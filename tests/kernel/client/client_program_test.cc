#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "tests/unit/client/fakes.h"
#include "workload/protocol/connection.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling {
namespace {

using fakes::Frontend;
using fakes::Server;
using wire::Envelope;

constexpr int kShards = 32;

wire::Configuration configuration() {
  wire::Configuration configuration;
  configuration.add_streams()->set_name("orders");
  configuration.mutable_streams(0)->set_shards(kShards);
  return configuration;
}

/// A connected pair, both ends CLOEXEC.
std::array<int, 2> socket_pair() {
  std::array<int, 2> ends{};
  EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends.data()), 0);
  return ends;
}

class ClientProgram : public testing::Test {
 protected:
  /// `kept` is open in the program under its own number.
  void start(std::vector<std::string> arguments, int kept = -1, const char* token = "secret") {
    arguments.insert(arguments.begin(), CEILING_CLIENT);
    std::vector<char*> argv;
    argv.reserve(arguments.size() + 1);
    for (std::string& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    std::string variable = std::string("CEILING_TOKEN=") + token;
    std::array<char*, 2> environment{variable.data(), nullptr};
    std::array<int, 2> out{};
    ASSERT_EQ(::pipe2(out.data(), O_CLOEXEC), 0);
    pid_ = ::fork();
    ASSERT_GE(pid_, 0);
    if (pid_ == 0) {
      if (kept >= 0) ::fcntl(kept, F_SETFD, 0);
      ::dup2(out[1], STDOUT_FILENO);
      ::execve(argv[0], argv.data(), environment.data());
      ::_exit(127);
    }
    ::close(out[1]);
    out_.assign(out[0]);
  }

  /// The whole program under orders from control_.
  void start_controlled(const std::string& rate, std::vector<std::string> more = {}) {
    const auto ends = socket_pair();
    std::vector<std::string> arguments{
        "--name", "c1", "--membership", membership_.address(),
        "--rate", rate, "--control",    "fd:" + std::to_string(ends[1])};
    arguments.insert(arguments.end(), more.begin(), more.end());
    start(arguments, ends[1]);
    ::close(ends[1]);
    control_ =
        std::make_shared<wire::Connection>(wire::Connection::Socket(io_, {AF_UNIX, 0}, ends[0]));
    control_->start([this](const Envelope& message) { told_.push_back(message); },
                    [](std::string_view) {});
  }

  void aim(const std::vector<std::unique_ptr<Frontend>>& frontends) {
    Envelope envelope;
    for (const auto& frontend : frontends) {
      *envelope.mutable_targets()->add_frontends() = frontend->member();
    }
    control_->send(envelope);
  }

  std::vector<std::unique_ptr<Frontend>> frontends(int count) {
    std::vector<std::unique_ptr<Frontend>> all;
    for (int i = 1; i <= count; ++i) {
      all.push_back(std::make_unique<Frontend>(io_, "frontend-" + std::to_string(i), kShards));
    }
    return all;
  }

  bool until(const std::function<bool()>& reached) {
    return fakes::run_until(io_, reached, std::chrono::seconds(20));
  }

  std::optional<Envelope> last(Envelope::MessageCase kind) const {
    for (const Envelope& message : told_) {
      if (message.message_case() == kind) return message;
    }
    return std::nullopt;
  }

  long tasks() const {
    const std::filesystem::directory_iterator listed("/proc/" + std::to_string(pid_) + "/task");
    return std::distance(begin(listed), end(listed));
  }

  /// As a shell has it; reads what it printed to the end, which is when it ended.
  int exit_status() {
    std::string text;
    boost::system::error_code error;
    while (!error) {
      std::array<char, 4096> some{};
      text.append(some.data(), out_.read_some(boost::asio::buffer(some), error));
    }
    printed_ = text;
    out_.close();
    int status = 0;
    const pid_t pid = std::exchange(pid_, -1);
    EXPECT_EQ(::wait4(pid, &status, 0, &usage_), pid);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  }

  void TearDown() override {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }

  boost::asio::io_context io_;
  Server membership_{io_, fakes::gives(configuration())};
  boost::asio::posix::stream_descriptor out_{io_};
  std::shared_ptr<wire::Connection> control_;
  std::vector<Envelope> told_;
  std::string printed_;
  rusage usage_{};
  pid_t pid_ = -1;
};

// The prediction of a fleet counts on it: a task more per client shifts every host-wide limit.
TEST_F(ClientProgram, HasItsOneTaskWhateverItDoes) {
  const auto targets = frontends(3);
  start_controlled("200");
  ASSERT_TRUE(until([&] { return !membership_.received.empty(); }));
  EXPECT_EQ(tasks(), wire::kClientTasks) << "right after the start";
  aim(targets);
  ASSERT_TRUE(until([&] { return targets[2]->requests.size() >= 10; }));
  EXPECT_EQ(tasks(), wire::kClientTasks) << "with canaries";
  Envelope sweep;
  sweep.mutable_sweep()->set_id(1);
  control_->send(sweep);
  ASSERT_TRUE(until([&] { return last(Envelope::kSweepDone).has_value(); }));
  EXPECT_EQ(tasks(), wire::kClientTasks) << "after a sweep";
  Envelope audit;
  audit.mutable_audit();
  control_->send(audit);
  ASSERT_TRUE(until([&] { return last(Envelope::kAuditDone).has_value(); }));
  EXPECT_EQ(tasks(), wire::kClientTasks) << "after an audit";
  control_->close();
  EXPECT_EQ(exit_status(), 0);
}

// The size of the demo's failing fleet and more; the measured share of a sweep that is the client's
// own has to stay small beside 24 frontends on 2 cores.
TEST_F(ClientProgram, ASweepOf768PairsCostsLittleProcessorTime) {
  const auto targets = frontends(24);
  start_controlled("0");
  aim(targets);
  Envelope sweep;
  sweep.mutable_sweep()->set_id(5);
  control_->send(sweep);
  const auto begin = std::chrono::steady_clock::now();
  ASSERT_TRUE(until([&] { return last(Envelope::kSweepDone).has_value(); }));
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(last(Envelope::kSweepDone)->sweep_done().pairs(), 768U);
  EXPECT_EQ(last(Envelope::kSweepDone)->sweep_done().routable(), 768U);
  control_->close();
  EXPECT_EQ(exit_status(), 0);
  const double used = static_cast<double>(usage_.ru_utime.tv_sec + usage_.ru_stime.tv_sec) +
                      1e-6 * static_cast<double>(usage_.ru_utime.tv_usec + usage_.ru_stime.tv_usec);
  RecordProperty("elapsed_s", std::to_string(took.count()));
  RecordProperty("processor_s", std::to_string(used));
  EXPECT_LT(used, 0.25);
}

TEST_F(ClientProgram, TellsItsStatusToAnyoneWhoAsks) {
  const std::string name = "@ceiling-client-test-" + std::to_string(::getpid());
  const auto targets = frontends(2);
  start_controlled("0", {"--status", name});
  aim(targets);
  Envelope sweep;
  sweep.mutable_sweep()->set_id(1);
  control_->send(sweep);
  ASSERT_TRUE(until([&] { return last(Envelope::kSweepDone).has_value(); }));
  boost::asio::local::stream_protocol::socket socket(io_);
  socket.connect(std::string(1, '\0') + name.substr(1));
  auto asker = std::make_shared<wire::Connection>(wire::Connection::Socket(std::move(socket)));
  std::optional<wire::Status> status;
  asker->start([&](const Envelope& message) { status = message.status(); },
               [](std::string_view) {});
  Envelope request;
  request.mutable_status_request();
  asker->send(request);
  ASSERT_TRUE(until([&] { return status.has_value(); }));
  EXPECT_EQ(status->name(), "c1");
  EXPECT_EQ(status->role(), wire::ROLE_CLIENT);
  EXPECT_EQ(status->pid(), static_cast<std::uint32_t>(pid_));
  EXPECT_EQ(status->threads(), 1U);
  EXPECT_EQ(status->members(), 2U);
  EXPECT_EQ(status->operations(), 2U * 2 * kShards);
}

TEST_F(ClientProgram, EndsWithStatusZeroOnSigtermAndSigint) {
  for (const int signal : {SIGTERM, SIGINT}) {
    membership_.received.clear();
    start({"--membership", membership_.address(), "--rate", "10"});
    ASSERT_TRUE(until([&] { return !membership_.received.empty(); }));
    ::kill(pid_, signal);
    EXPECT_EQ(exit_status(), 0) << signal;
  }
}

TEST_F(ClientProgram, ByHandItPrintsALineASecond) {
  const auto targets = frontends(1);
  start({"--membership", membership_.address(), "--rate", "100"});
  ASSERT_TRUE(until([&] { return !membership_.connections.empty(); }));
  Envelope members;
  *members.mutable_members()->add_members() = targets[0]->member();
  ASSERT_TRUE(until([&] { return !membership_.received.empty(); }));
  membership_.connections[0]->send(members);
  bool line = false;
  out_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&](auto) { line = true; });
  ASSERT_TRUE(until([&] { return line; }));
  ::kill(pid_, SIGTERM);
  EXPECT_EQ(exit_status(), 0);
  EXPECT_THAT(printed_,
              testing::MatchesRegex("targets 1 puts ok [0-9]+ failed 0 gets ok [0-9]+ failed 0 "
                                    "skipped [0-9]+\n(.|\n)*"));
  EXPECT_THAT(printed_, testing::Not(testing::HasSubstr("puts ok 0 ")));
}

// Likewise, of every kind of dependent.
TEST_F(ClientProgram, ADependentHasItsOneTaskWhateverItDoes) {
  const auto targets = frontends(1);
  for (std::vector<std::string> arguments : std::vector<std::vector<std::string>>{
           {"blocking-buffer", "--rate", "100", "--buffer", "5", "--record-bytes", "9"},
           {"drop-oldest", "--rate", "100", "--buffer", "5", "--record-bytes", "9"},
           {"unbounded-buffer", "--rate", "100", "--record-bytes", "9"},
           {"alarm-on-missing-data", "--missing-after-ms", "200"}}) {
    SCOPED_TRACE(arguments[0]);
    membership_.received.clear();
    membership_.connections.clear();
    targets[0]->requests.clear();
    arguments.insert(arguments.begin(), "--kind");
    arguments.insert(arguments.end(), {"--membership", membership_.address()});
    start(arguments);
    ASSERT_TRUE(until([&] { return !membership_.received.empty(); }));
    EXPECT_EQ(tasks(), wire::kDependentTasks) << "right after the start";
    Envelope members;
    *members.mutable_members()->add_members() = targets[0]->member();
    membership_.connections.back()->send(members);
    ASSERT_TRUE(until([&] { return targets[0]->requests.size() >= 10; }));
    EXPECT_EQ(tasks(), wire::kDependentTasks) << "at work";
    ::kill(pid_, SIGTERM);
    EXPECT_EQ(exit_status(), 0);
    EXPECT_THAT(printed_, testing::StartsWith("address 127.0.0.1:"));
  }
  start({"--kind", "status-page", "--login", "127.0.0.1:9"});
  bool line = false;
  out_.async_wait(boost::asio::posix::stream_descriptor::wait_read, [&](auto) { line = true; });
  ASSERT_TRUE(until([&] { return line; }));
  EXPECT_EQ(tasks(), wire::kDependentTasks) << "status-page";
  ::kill(pid_, SIGTERM);
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(ClientProgram, AnOptionOfAnotherKindOrAMissingOneIsStatus64) {
  const std::string there = membership_.address();
  for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
           {"--membership", there, "--kind", "blocking-bufer"},
           {"--membership", there, "--kind", "drop-oldest", "--rate", "1", "--record-bytes", "1"},
           {"--membership", there, "--kind", "drop-oldest", "--rate", "1", "--record-bytes", "1",
            "--buffer", "1"},
           {"--membership", there, "--kind", "unbounded-buffer", "--rate", "1", "--record-bytes",
            "1", "--buffer", "9"},
           {"--membership", there, "--kind", "unbounded-buffer", "--rate", "1", "--record-bytes",
            "65537"},
           {"--membership", there, "--kind", "alarm-on-missing-data"},
           {"--kind", "status-page"},
           {"--kind", "status-page", "--login", "localhost:1"},
           {"--kind", "status-page", "--login", there, "--membership", there},
           {"--membership", there, "--buffer", "3"}}) {
    start(arguments);
    EXPECT_EQ(exit_status(), 64) << testing::PrintToString(arguments);
  }
}

TEST_F(ClientProgram, BadUsageIsStatus64) {
  const std::string there = membership_.address();
  for (const std::vector<std::string>& arguments :
       std::vector<std::vector<std::string>>{{},
                                             {"--membership", there, "--rat", "1"},
                                             {"--membership", there, "--rate", "-1"},
                                             {"--membership", there, "--rate", "many"},
                                             {"--membership", there, "--rate", "100001"},
                                             {"--membership", "localhost:1"},
                                             {"--membership", there, "--control", "fd:"},
                                             {"--membership", there, "--control", "7"},
                                             {"--membership", there, "--control", "fd:-1"},
                                             {"--membership", there, "--name", "two words"},
                                             {"--membership", there, "--name", ""},
                                             {"--membership", there, "surplus"}}) {
    start(arguments);
    EXPECT_EQ(exit_status(), 64) << testing::PrintToString(arguments);
  }
  start({"--membership", there}, -1, "");
  EXPECT_EQ(exit_status(), 64) << "no token";
  start({"--help"});
  EXPECT_EQ(exit_status(), 0);
}

TEST_F(ClientProgram, WithoutMembershipItIsStatus69) {
  membership_.stop_listening();
  start({"--membership", membership_.address()});
  EXPECT_EQ(exit_status(), 69);
}

TEST_F(ClientProgram, AControlDescriptorThatIsNoSocketIsStatus64) {
  const int file = ::open("/dev/null", O_RDWR | O_CLOEXEC);
  start({"--membership", membership_.address(), "--control", "fd:" + std::to_string(file)}, file);
  ::close(file);
  EXPECT_EQ(exit_status(), 64);
}

}  // namespace
}  // namespace ceiling
