#include <fcntl.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <filesystem>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using testing::HasSubstr;

/// Where a run writes to, gone: a run is not worth less because nobody reads its progress, and
/// never ends without cleaning up.
class StreamsTest : public CeilingTest {
 protected:
  void SetUp() override {
    CeilingTest::SetUp();
    if (!IsSkipped()) small_ = file("small.yaml", small_experiment(8, 12, "outage"));
  }
  std::string small_;
};

/// Makes `descriptor` the writing end of a pipe that nobody reads.
bool nobody_reads(int descriptor) {
  std::array<int, 2> ends{};
  return ::pipe(ends.data()) == 0 && ::close(ends[0]) == 0 &&
         ::dup2(ends[1], descriptor) == descriptor && ::close(ends[1]) == 0;
}

/// The lines of a run's history are all its own.
void expect_sound(const CeilingTest&, const Ended& verified) {
  EXPECT_EQ(verified.status, 0) << verified.out;
}

TEST_F(StreamsTest, AClosedStderrChangesNothing) {
  How how;
  how.before_exec = [] { return ::close(STDERR_FILENO) == 0; };
  EXPECT_EQ(run_ceiling({"run", small_}, how).status, 0);
  expect_sound(*this, run_ceiling({"verify", only_run()}));
}

TEST_F(StreamsTest, AStderrThatNobodyReadsChangesNothing) {
  How how;
  how.before_exec = [] { return nobody_reads(STDERR_FILENO); };
  EXPECT_EQ(run_ceiling({"run", small_}, how).status, 0);
}

TEST_F(StreamsTest, AMistakeIsAMistakeAlsoWhenNobodyReadsOfIt) {
  How how;
  how.before_exec = [] { return nobody_reads(STDERR_FILENO); };
  EXPECT_EQ(run_ceiling({"run", "missing.yaml"}, how).status, 64);
}

TEST_F(StreamsTest, AStdoutThatNobodyReadsIsSaid) {
  How how;
  how.before_exec = [] { return nobody_reads(STDOUT_FILENO); };
  const Ended run = run_ceiling({"run", small_}, how);
  EXPECT_EQ(run.status, 69) << run.err;
  EXPECT_THAT(run.err, HasSubstr("cannot write to stdout: Broken pipe"));
  expect_sound(*this, run_ceiling({"verify", only_run()}));
}

TEST_F(StreamsTest, AllStandardStreamsClosedDoNotEndInTheHistory) {
  How how;
  how.before_exec = [] { return ::close(0) == 0 && ::close(1) == 0 && ::close(2) == 0; };
  run_ceiling({"run", small_}, how);
  expect_sound(*this, run_ceiling({"verify", only_run()}));
}

TEST_F(StreamsTest, AFullDiskEndsTheRunAndIsNamed) {
  const auto small_disk = folder() / "ceiling-results";
  std::filesystem::create_directory(small_disk);
  How how;
  how.before_exec = [&small_disk] {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", small_disk.c_str(), "tmpfs", 0, "size=64k") == 0;
  };
  const Ended run = run_ceiling({"run", small_}, how);
  EXPECT_EQ(run.status, 69) << run.err;
  EXPECT_THAT(run.err, HasSubstr("No space left on device"));
  EXPECT_THAT(run.err, HasSubstr("to do: "));
}

TEST_F(StreamsTest, AFileSizeLimitEndsTheRunAndIsNamed) {
  How how;
  how.before_exec = [] {
    ::signal(SIGXFSZ, SIG_DFL);
    const rlimit small{64 << 10, 64 << 10};
    return ::setrlimit(RLIMIT_FSIZE, &small) == 0;
  };
  const Ended run = run_ceiling({"run", small_}, how);
  EXPECT_EQ(run.status, 69) << run.err;
  EXPECT_THAT(run.err, HasSubstr("File too large"));
}

// With so little that RocksDB cannot even begin.
TEST_F(StreamsTest, ABackendThatCannotStartEndsTheRunAndIsNamed) {
  How how;
  how.before_exec = [] {
    const rlimit small{8 << 10, 8 << 10};
    return ::setrlimit(RLIMIT_FSIZE, &small) == 0;
  };
  const Ended run = run_ceiling({"run", small_}, how);
  EXPECT_EQ(run.status, 69) << run.err;
  EXPECT_THAT(run.err, HasSubstr("backend-1 ended before all had joined: "));
  EXPECT_THAT(run.err, HasSubstr("to do: read its log, in logs/ of the results folder"));
}

}  // namespace
}  // namespace ceiling
