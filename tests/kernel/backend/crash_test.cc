#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <iostream>
#include <random>
#include <system_error>
#include <thread>

#include "tests/kernel/backend/history.h"
#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"

namespace ceiling::testing_programs {
namespace {

constexpr int kShards = 4;
constexpr int kWriters = 8;
constexpr int kLives = 50;

// Until all shards are its own; their epoch.
std::uint64_t await_shards(const Peer& peer) {
  for (;;) {
    const wire::Envelope message = peer.receive();
    if (!message.has_ownership()) {
      throw std::system_error(std::make_error_code(std::errc::connection_reset));
    }
    if (message.ownership().leases_size() == kShards) return message.ownership().leases(0).epoch();
  }
}

unsigned seed() {
  const char* given = std::getenv("CEILING_SEED");
  const unsigned seed = given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                                         : std::random_device()();
  std::cout << "CEILING_SEED=" << seed << " repeats the moments of the kills\n";
  return seed;
}

/// A backend that is killed and started again on one folder, under writers.
class Crashes {
 public:
  explicit Crashes(const char* program) : program_(program), random_(seed()) {}

  /// One life more: reads back all that is there, then is written to by several connections until
  /// it is killed. What was wrong with what it read.
  std::vector<std::string> live() {
    Program backend = start_backend("backend-1", membership_address_, {"--data", data()}, program_);
    const std::string address = backend.address();
    std::vector<std::string> wrong = read_back(address);
    std::atomic<int> left = std::uniform_int_distribution(1, 300)(random_);
    std::vector<std::thread> writers;
    writers.reserve(kWriters);
    for (int writer = 0; writer < kWriters; ++writer) {
      writers.emplace_back([&, writer] { write(address, writer, left, backend); });
    }
    for (std::thread& writer : writers) writer.join();
    EXPECT_LE(left, 0) << "it ended by itself, or answered no more";
    backend.end(SIGKILL);
    ++lives_;
    return wrong;
  }

  std::vector<std::string> read_back(const std::string& address) {
    const Peer reader(address, wire::ROLE_CLIENT, "reader");
    await_shards(reader);
    std::vector<std::string> wrong;
    for (std::uint32_t shard = 0; shard < kShards; ++shard) {
      std::vector<wire::Record> records;
      wire::GetDone page;
      do {
        page = reader.get(shard, 0, page.next_sequence());
        EXPECT_EQ(page.result(), wire::RESULT_OK);
        records.insert(records.end(), page.records().begin(), page.records().end());
      } while (page.more());
      for (const std::string& what : shards_[shard].seen(records)) {
        wrong.push_back(fmt::format("life {}, shard {}: {}", lives_, shard, what));
      }
    }
    return wrong;
  }

  std::size_t acknowledged() const {
    std::size_t sum = 0;
    for (const History& shard : shards_) sum += shard.acknowledged();
    return sum;
  }
  std::string data() const { return folder_.path() / "data"; }
  const std::string& membership() const { return membership_address_; }

 private:
  void write(const std::string& address, int writer, std::atomic<int>& left,
             const Program& backend) {
    try {
      const Peer peer(address, wire::ROLE_FRONTEND, fmt::format("frontend-{}", writer));
      const std::uint64_t epoch = await_shards(peer);
      for (int i = 0;; ++i) {
        const auto shard = static_cast<std::uint32_t>((writer + i) % kShards);
        const std::string data = fmt::format("{:{}}", fmt::format("{}-{}-{}", lives_, writer, i),
                                             i % 3 == 0 ? 3000 : 20);
        shards_[shard].tried(data);
        const wire::PutDone done = peer.put(shard, epoch, data);
        if (done.result() != wire::RESULT_OK) return;
        shards_[shard].acknowledged(done.sequence(), data);
        if (left.fetch_sub(1) == 1) backend.signal(SIGKILL);
      }
    } catch (const std::system_error&) {
      // Its connection is gone: it was killed, at a moment that this writer does not know.
    }
  }

  const char* program_;
  std::mt19937 random_;
  TemporaryFolder folder_;
  Program membership_ = start_membership({"--lease-ttl-ms", "60000"});
  std::string membership_address_ = membership_.address();
  std::array<History, kShards> shards_;
  int lives_ = 0;
};

TEST(Crash, NothingAcknowledgedIsLostInFiftyKills) {
  Crashes crashes(CEILING_BACKEND);
  for (int life = 0; life < kLives; ++life) {
    ASSERT_THAT(crashes.live(), testing::IsEmpty());
  }
  Program last = start_backend("backend-1", crashes.membership(), {"--data", crashes.data()});
  EXPECT_THAT(crashes.read_back(last.address()), testing::IsEmpty());
  std::cout << crashes.acknowledged() << " records acknowledged, all there\n";
  EXPECT_GE(crashes.acknowledged(), std::size_t{kLives});
}

// The test above would not fail for nothing.
TEST(Crash, ABackendThatAcknowledgesTooEarlyIsCaught) {
  Crashes crashes(EARLY_BACKEND);
  std::vector<std::string> wrong;
  for (int life = 0; life < kLives && wrong.empty(); ++life) wrong = crashes.live();
  EXPECT_THAT(wrong, testing::Contains(testing::HasSubstr("was acknowledged and is")));
}

/// Puts a second, with so many under way at once on one connection.
double rate(const std::string& address, int in_flight, int puts) {
  const Peer peer(address, wire::ROLE_FRONTEND, "frontend-1");
  const std::uint64_t epoch = await_shards(peer);
  wire::Envelope envelope;
  wire::Put& put = *envelope.mutable_put();
  put.set_stream("orders");
  put.set_epoch(epoch);
  put.set_data(std::string(100, 'x'));
  const auto start = std::chrono::steady_clock::now();
  for (int sent = 0, answered = 0; answered < puts;) {
    for (; sent < puts && sent - answered < in_flight; ++sent) peer.send(envelope);
    EXPECT_EQ(peer.receive().put_done().result(), wire::RESULT_OK);
    ++answered;
  }
  return puts / std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

TEST(Throughput, PutsThatWaitForTheDiskShareItsNextSync) {
  Program membership = start_membership();
  Program backend = start_backend("backend-1", membership.address());
  const std::string address = backend.address();
  const double alone = rate(address, 1, 100);
  const double together = rate(address, 64, 3000);
  std::cout << fmt::format("{:.0f} puts/s one by one, {:.0f} puts/s with 64 under way\n", alone,
                           together);
  EXPECT_GT(together, 2 * alone);
}

}  // namespace
}  // namespace ceiling::testing_programs
