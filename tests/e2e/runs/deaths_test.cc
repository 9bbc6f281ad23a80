#include <gmock/gmock.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include <csignal>
#include <cstdio>
#include <filesystem>
#include <random>
#include <utility>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using std::chrono::duration;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kPromised{2000};

class DeathsTest : public CeilingTest {
 protected:
  void SetUp() override {
    CeilingTest::SetUp();
    if (!IsSkipped()) small_ = file("small.yaml", small_experiment(8, 12, "outage"));
  }
  /// A run of the small experiment that has its first arm's fleet running.
  Running in_the_middle() const {
    Running run = start_ceiling({"run", small_});
    while (run.err().find("only: 4 frontends") == std::string::npos && !run.ended()) {
      run.ended(milliseconds(5));
    }
    EXPECT_FALSE(run.ended()) << run.err();
    return run;
  }
  std::vector<uid_t> registered_uids() const {
    std::vector<uid_t> uids;
    for (const auto& entry : registered()) {
      const auto some = entry.at("uids").get<std::vector<uid_t>>();
      uids.insert(uids.end(), some.begin(), some.end());
    }
    return uids;
  }
  std::string small_;
};

TEST_F(DeathsTest, SignalsEndARunAfterCleaningUp) {
  for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
    SCOPED_TRACE(number);
    Running run = in_the_middle();
    const auto uids = registered_uids();
    EXPECT_FALSE(uids.empty());
    run.signal(number);
    const Ended ended = run.wait();
    EXPECT_EQ(ended.status, 128 + number) << ended.err;
    EXPECT_THAT(ended.err, HasSubstr("ended by signal"));
    EXPECT_EQ(leftovers(uids), "");
    EXPECT_EQ(run_ceiling({"verify", runs().back()}).status, 2);
  }
}

TEST_F(DeathsTest, SignalEndsACalibrationAfterCleaningUp) {
  Running run = start_ceiling({"predict", small_, "--calibrate"});
  while (registered().empty() && !run.ended()) run.ended(milliseconds(5));
  const auto uids = registered_uids();
  run.signal(SIGTERM);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.status, 128 + SIGTERM) << ended.err;
  EXPECT_EQ(leftovers(uids), "");
  EXPECT_TRUE(registered().empty());
}

/// Processes that have come to us because their parent died. A harness that dies leaves us its
/// keeper, which reaps all others itself.
class Orphans {
 public:
  Orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 1); }
  ~Orphans() { ::prctl(PR_SET_CHILD_SUBREAPER, 0); }
  /// True when there is none (any more).
  bool reap() {
    pid_t pid = 0;
    while ((pid = ::waitpid(-1, nullptr, WNOHANG)) > 0) ++reaped_;
    return pid < 0;
  }
  int take_count() { return std::exchange(reaped_, 0); }

 private:
  int reaped_ = 0;
};

TEST_F(DeathsTest, AKilledHarnessLeavesNothingWheneverItDies) {
  std::vector<std::string> call = {"run",   shipped("kinesis-2020"),
                                   "--set", "limits.pids.max=12",
                                   "--set", "clients.alarm-on-missing-data.missing_after_ms=500",
                                   "--set", "clients.blocking-buffer.buffer=20"};
  const Ended whole = run_ceiling(call);
  call.insert(call.end(), {"--results", ""});
  ASSERT_EQ(whole.status, 0) << whole.err;
  constexpr int kMoments = 25;
  const auto seed = std::random_device()();
  std::mt19937 random(seed);
  std::printf("seed %u, %d moments over %.2f s\n", seed, kMoments, whole.seconds);
  RecordProperty("seed", std::to_string(seed));
  Orphans orphans;
  duration<double> slowest{};
  int with_fleet = 0;
  for (int i = 0; i < kMoments; ++i) {
    // One moment in each part of the run, so that no part is missed.
    const double part = (i + std::uniform_real_distribution<>(0, 1)(random)) / kMoments;
    SCOPED_TRACE("killed after " + std::to_string(part * whole.seconds) + " s");
    const auto results = "killed-" + std::to_string(i);
    std::vector<uid_t> uids;
    {
      call.back() = results;
      Running run = start_ceiling(call);
      run.ended(std::chrono::ceil<milliseconds>(duration<double>(part * whole.seconds)));
      uids = registered_uids();
      with_fleet += uids.empty() ? 0 : 1;
      run.signal(SIGKILL);
      run.wait();
    }
    const auto killed = std::chrono::steady_clock::now();
    bool all_ended = false;
    std::string left;
    do {
      all_ended = orphans.reap();
      left = leftovers(uids);
    } while ((!all_ended || !left.empty()) &&
             std::chrono::steady_clock::now() < killed + kPromised);
    EXPECT_EQ(left, "");
    EXPECT_TRUE(all_ended);
    EXPECT_LE(orphans.take_count(), 1);
    slowest = std::max<duration<double>>(slowest, std::chrono::steady_clock::now() - killed);
    // What it wrote until then can be read, and is never held for a whole run that differs.
    for (const auto& folder : runs(results)) {
      if (!std::filesystem::exists(folder / "history.jsonl")) continue;
      EXPECT_THAT(run_ceiling({"verify", folder}).status, testing::AnyOf(0, 2, 64));
    }
  }
  EXPECT_GT(with_fleet, kMoments / 2) << "too few of them died while there was something to leave";
  std::printf("nothing left after at most %.2f s\n", slowest.count());
  for (const auto& entry : std::filesystem::directory_iterator(folder())) {
    const std::string name = entry.path().filename();
    EXPECT_TRUE(name == "small.yaml" || name == "ceiling-results" || name.starts_with("killed-"))
        << name;
  }
}

TEST_F(DeathsTest, WhereTheKeeperDiesTooCleanRemovesWhatIsLeft) {
  Orphans orphans;  // nobody but us reaps them then
  Running run = in_the_middle();
  ASSERT_EQ(registered().size(), 1U);
  const auto entry = registered().front();
  const std::string run_id = entry["run_id"];
  const auto uids = registered_uids();
  run.signal(SIGSTOP);  // so that it cannot finish while its keeper is being ended
  ASSERT_EQ(::kill(entry["keeper"].get<pid_t>(), SIGKILL), 0);
  run.signal(SIGKILL);
  run.wait();

  const auto until = std::chrono::steady_clock::now() + kPromised;
  std::string left;
  do {
    orphans.reap();
    left = leftovers(uids);
  } while (left.find("process ") != std::string::npos && std::chrono::steady_clock::now() < until);
  EXPECT_THAT(left, testing::Not(HasSubstr("process ")));
  EXPECT_THAT(left, HasSubstr("registry entry " + run_id));
  EXPECT_THAT(left, HasSubstr("data of run " + run_id));

  const Ended told = run_ceiling({"clean", "--dry-run"});
  EXPECT_EQ(told.status, 0) << told.err;
  EXPECT_THAT(told.out, HasSubstr("run " + run_id + ": would end 0 processes in "));
  EXPECT_THAT(told.out, HasSubstr("run " + run_id + ": would remove /run/ceiling/" + run_id));
  EXPECT_EQ(leftovers(uids), left);

  const Ended cleaned = run_ceiling({"clean"});
  EXPECT_EQ(cleaned.status, 0) << cleaned.err;
  EXPECT_THAT(cleaned.out, HasSubstr("run " + run_id + ": removed /var/tmp/ceiling-" + run_id));
  EXPECT_THAT(cleaned.out, HasSubstr("run " + run_id + ": removed /run/ceiling/" + run_id));
  EXPECT_EQ(leftovers(uids), "");
  const Ended again = run_ceiling({"clean"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_THAT(again.out, HasSubstr("no dead run is on record"));
  EXPECT_THAT(again.out, testing::Not(HasSubstr(run_id)));
}

TEST_F(DeathsTest, AKilledKeeperIsNoticedByTheEnd) {
  Orphans orphans;  // nobody but us reaps them then
  Running run = in_the_middle();
  ASSERT_EQ(registered().size(), 1U);
  const auto uids = registered_uids();
  ASSERT_EQ(::kill(registered().front()["keeper"].get<pid_t>(), SIGKILL), 0);
  const Ended ended = run.wait();
  EXPECT_EQ(ended.status, 70) << ended.err;
  orphans.reap();
  EXPECT_EQ(leftovers(uids), "");
}

}  // namespace
}  // namespace ceiling
