#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <atomic>
#include <csignal>
#include <deque>
#include <functional>
#include <iostream>
#include <memory>
#include <system_error>
#include <thread>

#include "tests/kernel/backend/history.h"
#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"
#include "tests/support/workload_programs/stream_changes.h"
#include "workload/protocol/routes.h"

namespace ceiling::testing_programs {
namespace {

constexpr int kWriters = 8;

/// One stream, "mine", whose shards are owned by two backends, and what was put to each of them.
class Split : public testing::Test {
 protected:
  void SetUp() override {
    membership_address_ = membership_.address();
    for (int number = 0; number < 2; ++number) start(number);
    asker_ = std::make_unique<Asker>(membership_address_, "asker");
    ASSERT_EQ(asker_->ask(create("mine", 1)).error(), "");
    id_ = asker_->stream("mine").id();
  }
  void TearDown() override {
    for (auto& backend : backends_) backend.reset();
    membership_.end(SIGKILL);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
  }

  void start(int number) {
    const std::string name = fmt::format("backend-{}", number + 1);
    backends_[number] = std::make_unique<Program>(
        start_backend(name, membership_address_, {"--data", folder_.path() / name}));
    addresses_[number] = backends_[number]->address();
  }
  // Shards are dealt out by turn.
  int owner(std::uint32_t shard) const {
    return static_cast<int>(asker_->stream("mine").made(static_cast<int>(shard)).turn() % 2);
  }
  const wire::Shard& shard(std::uint32_t number) const {
    return asker_->stream("mine").made(static_cast<int>(number));
  }
  HashKey middle(std::uint32_t number) const {
    const HashRange range = wire::range_of(shard(number)).value();
    return range.first + (range.last - range.first) / 2;
  }

  /// Puts to the shard from several connections until `children_` are there, and once more after
  /// that; `refused` is called with every refusal that comes before.
  void write(std::uint32_t number, const std::function<void()>& refused) {
    writers_.clear();
    children_ = false;
    History& history = histories_.at(number);
    for (int writer = 0; writer < kWriters; ++writer) {
      writers_.emplace_back(
          [this, writer, number, refused, &history, at = addresses_[owner(number)]] {
            try {
              const Peer peer(at, wire::ROLE_FRONTEND, fmt::format("frontend-{}", writer));
              const wire::Lease lease = await_lease(peer, id_, number);
              for (int i = 0;; ++i) {
                const std::string data = fmt::format("{}-{}-{}", number, writer, i);
                const bool late = children_;
                history.tried(data);
                const wire::PutDone done = put(peer, lease, data);
                if (done.result() == wire::RESULT_OK) {
                  EXPECT_FALSE(late) << "accepted in the parent beside its children: " << data;
                  history.acknowledged(done.sequence(), data);
                  std::uint64_t last = last_;
                  while (last < done.sequence() &&
                         !last_.compare_exchange_weak(last, done.sequence())) {
                  }
                  ++written_;
                  written_.notify_one();
                } else if (done.result() == wire::RESULT_NOT_OWNER) {
                  refused();
                } else {
                  return;  // the backend has ended
                }
                if (late) return;
              }
            } catch (const std::system_error&) {
              // Killed.
            }
          });
    }
  }
  void await_written(int count) {
    for (int now = written_; now < count; now = written_) written_.wait(now);
  }
  void join_writers() {
    for (std::thread& writer : writers_) writer.join();
    writers_.clear();
  }

  /// That the closed shard ends where it is said to, after all that was acknowledged in it.
  void expect_whole(std::uint32_t number) {
    ASSERT_TRUE(shard(number).closed());
    EXPECT_LT(last_, shard(number).end());
    const Peer reader(addresses_[owner(number)], wire::ROLE_CLIENT, "reader");
    const wire::Lease lease = await_lease(reader, id_, number, true);
    const auto records = read_all(reader, lease);
    EXPECT_EQ(records.size() + 1, shard(number).end());
    EXPECT_THAT(histories_.at(number).seen(records), testing::IsEmpty());
    EXPECT_EQ(put(reader, lease, "late").result(), wire::RESULT_NOT_OWNER);
    last_ = 0;
    written_ = 0;
  }

  TemporaryFolder folder_;
  Program membership_ = start_membership(
      {"--backends", "2", "--account", "000000000002", "--shard-limits", "0", "0", "0", "0"});
  std::string membership_address_;
  std::unique_ptr<Program> backends_[2];
  std::string addresses_[2];
  std::unique_ptr<Asker> asker_;
  std::string id_;
  std::deque<History> histories_ = std::deque<History>(100);  // by shard
  std::vector<std::thread> writers_;
  std::atomic<bool> children_ = false;
  std::atomic<std::uint64_t> last_ = 0;  // the highest that was acknowledged
  std::atomic<int> written_ = 0;
};

TEST_F(Split, UnderWritersLosesNothingAndTakesNothingInTheParentAfterIt) {
  std::uint32_t number = 0;
  std::size_t acknowledged = 0;
  for (int round = 0; round < 10; ++round) {
    write(number, [] {});
    await_written(200);
    ASSERT_EQ(asker_->ask(split("mine", number, middle(number))).error(), "");
    children_ = true;
    join_writers();
    expect_whole(number);
    acknowledged += histories_[number].acknowledged();
    number = static_cast<std::uint32_t>(asker_->stream("mine").made_size() - 1 - round % 2);
  }
  std::cout << acknowledged << " records acknowledged, all there\n";
  // Of the children too, at whichever backend.
  EXPECT_EQ(asker_->stream("mine").made_size(), 21);
}

TEST_F(Split, EndsThoughTheBackendIsKilledWhileItClosesTheShard) {
  std::uint32_t number = 0;
  int unsaid = 0;
  for (int round = 0; round < 10; ++round) {
    const int at = owner(number);
    const Program& backend = *backends_[at];
    // A put that is refused is the first sign that it is closing.
    write(number, [&backend] { backend.signal(SIGKILL); });
    await_written(200);
    asker_->send(split("mine", number, middle(number)));
    join_writers();
    backends_[at]->end(SIGKILL);
    start(at);
    const std::uint64_t before = asker_->version();
    ASSERT_EQ(asker_->answer().error(), "");
    // The version of the backend that is back came first, where it had not said so in time.
    if (asker_->version() > before + 1) ++unsaid;
    expect_whole(number);
    number = static_cast<std::uint32_t>(asker_->stream("mine").made_size() - 1 - round % 2);
    ASSERT_FALSE(HasFailure()) << "round " << round;
  }
  std::cout << unsaid << " of 10 had not said so before they were killed\n";
}

TEST_F(Split, EndsThoughTheBackendIsKilledBeforeItHearsOfIt) {
  write(0, [] {});
  await_written(200);
  backends_[0]->signal(SIGSTOP);
  asker_->send(split("mine", 0, middle(0)));
  backends_[0]->signal(SIGKILL);
  join_writers();
  backends_[0]->end(0);
  start(0);
  ASSERT_EQ(asker_->answer().error(), "");
  expect_whole(0);
}

}  // namespace
}  // namespace ceiling::testing_programs
