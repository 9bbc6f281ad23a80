#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <csignal>
#include <memory>
#include <string>
#include <vector>

#include "tests/kernel/frontend/small_fleet.h"
#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"
#include "tests/support/workload_programs/stream_changes.h"

namespace ceiling::testing_programs {
namespace {

using testing::ElementsAre;
using wire::Envelope;
using wire::Status;

constexpr HashKey kMiddle = HashKey{1} << 127;

wire::Leases leases_of(const Peer& backend) {
  while (true) {
    const Envelope message = backend.receive();
    if (message.has_leases()) return message.leases();
    if (message.message_case() == Envelope::MESSAGE_NOT_SET) return {};
  }
}

// Shards of the stream, closed ones marked: "0x 1 2".
std::string shards(const wire::Stream& stream) {
  std::string text;
  for (const wire::Shard& shard : stream.made()) {
    text +=
        (text.empty() ? "" : " ") + std::to_string(shard.number()) + (shard.closed() ? "x" : "");
  }
  return text;
}

/// Membership alone: both backends are the test itself. Of the first stream that is made, shard 0
/// belongs to backend-1, shard 1 to backend-2.
class StreamChanges : public testing::Test {
 protected:
  void SetUp() override {
    address_ = membership_.address();
    first_ = join("backend-1");
    second_ = join("backend-2");
    leases_of(*first_);
    leases_of(*second_);
    asker_ = std::make_unique<Asker>(address_, "frontend-1");
  }
  void TearDown() override {
    membership_.end(SIGKILL);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
  }
  std::unique_ptr<Peer> join(const std::string& name) const {
    auto peer = std::make_unique<Peer>(address_, wire::ROLE_BACKEND, name);
    peer->join_backend(name, "127.0.0.1:4000");
    return peer;
  }
  void make(std::uint32_t shards) {
    EXPECT_EQ(asker_->ask(create("mine", shards)).error(), "");
    await_version();
    id_ = asker_->stream("mine").id();
    leases_of(*first_);
    leases_of(*second_);
    asker_->told();
  }
  void await_version() {}
  /// Returns when membership has taken it.
  void say_closed(const Peer& backend, std::uint32_t shard, std::uint64_t end) const {
    Envelope envelope;
    wire::ClosedShard& closed = *envelope.mutable_closed_shards()->add_shards();
    closed.set_stream(id_);
    closed.set_shard(shard);
    closed.set_end(end);
    backend.send(envelope);
    Envelope renew;
    renew.mutable_renew_leases();
    backend.send(renew);
    leases_of(backend);
  }

  Program membership_ =
      start_membership({"--backends", "2", "--account", "000000000002", "--lease-ttl-ms", "60000"});
  std::string address_;
  std::unique_ptr<Peer> first_;
  std::unique_ptr<Peer> second_;
  std::unique_ptr<Asker> asker_;
  std::string id_;  // of "mine"
};

// A frontend builds the map of a version from the configuration that came before it.
TEST_F(StreamChanges, ANewStreamComesWithItsLeasesAndBeforeTheVersionThatHasIt) {
  const std::uint64_t before = asker_->version();
  EXPECT_EQ(asker_->ask(create("mine", 2)).error(), "");
  await_version();
  EXPECT_THAT(asker_->told(),
              ElementsAre(Envelope::kConfiguration, Envelope::kMembers, Envelope::kChangeDone));
  EXPECT_EQ(asker_->version(), before + 1);
  const wire::Stream& mine = asker_->stream("mine");
  EXPECT_EQ(shards(mine), "0 1");
  EXPECT_EQ(mine.account(), "000000000002");
  for (const auto& [backend, shard] : {std::pair(first_.get(), 0U), std::pair(second_.get(), 1U)}) {
    const wire::Leases leases = leases_of(*backend);
    ASSERT_EQ(leases.leases_size(), 3);
    EXPECT_EQ(leases.leases(2).stream(), mine.id());
    EXPECT_EQ(leases.leases(2).shard(), shard);
    EXPECT_TRUE(leases.leases(2).limited());
    EXPECT_EQ(leases.limits().records_in(), 1000U);
  }
  EXPECT_EQ(asker_->ask(remove("mine")).error(), "");
  await_version();
  EXPECT_EQ(asker_->configuration().streams_size(), 1);
  EXPECT_EQ(asker_->version(), before + 2);
  EXPECT_EQ(leases_of(*first_).leases_size(), 2);
}

TEST_F(StreamChanges, ARefusalIsAnsweredWithItsTypeAndChangesNothing) {
  const wire::ChangeDone done = asker_->ask(remove("mine"));
  EXPECT_EQ(done.id(), 1U);
  EXPECT_EQ(done.error(), "ResourceNotFoundException");
  EXPECT_EQ(done.reason(), "Stream mine under account 000000000002 not found.");
  EXPECT_THAT(asker_->told(), ElementsAre(Envelope::kChangeDone));
  EXPECT_TRUE(asker_->quiet());
}

TEST_F(StreamChanges, ANameThatNoFrontendLetsThroughClosesTheConnection) {
  const Peer bad(address_, wire::ROLE_FRONTEND, "frontend-2");
  Envelope envelope;
  *envelope.mutable_change() = create("two\nlines", 1);
  bad.send(envelope);
  EXPECT_EQ(bad.read_to_the_end(),
            "a stream's name must be 1 to 128 letters, digits, \"-\", \"_\" or \".\"");
}

TEST_F(StreamChanges, OnlyFrontendsMayAsk) {
  const Peer client(address_, wire::ROLE_CLIENT, "client-1");
  Envelope envelope;
  *envelope.mutable_change() = create("mine", 1);
  client.send(envelope);
  EXPECT_EQ(client.read_to_the_end(), "message 17 is out of place");
}

// Their audits go by it.
TEST_F(StreamChanges, ClientsHearOfThemToo) {
  const Peer client(address_, wire::ROLE_CLIENT, "client-1");
  ASSERT_TRUE(client.receive().has_configuration());
  make(2);
  wire::Envelope told = client.receive();
  while (told.has_members()) told = client.receive();
  ASSERT_TRUE(told.has_configuration());
  const auto& streams = told.configuration().streams();
  EXPECT_TRUE(std::any_of(streams.begin(), streams.end(), [](const wire::Stream& stream) {
    return stream.name() == "mine" && stream.of_a_client() && stream.made_size() == 2;
  }));
}

TEST_F(StreamChanges, ASplitEndsWhenTheOwnerAndNobodyElseHasClosedTheShard) {
  make(2);
  const std::uint64_t before = asker_->version();
  asker_->send(split("mine", 0, 1000));
  const wire::Leases closing = leases_of(*first_);
  EXPECT_TRUE(closing.leases(2).closed());
  say_closed(*second_, 0, 99);
  say_closed(*first_, 1, 99);
  EXPECT_TRUE(asker_->quiet());
  say_closed(*first_, 0, 42);
  EXPECT_EQ(asker_->answer().error(), "");
  EXPECT_THAT(asker_->told(),
              ElementsAre(Envelope::kConfiguration, Envelope::kMembers, Envelope::kChangeDone));
  EXPECT_EQ(asker_->version(), before + 1);
  EXPECT_EQ(shards(asker_->stream("mine")), "0x 1 2 3");
  EXPECT_EQ(asker_->stream("mine").made(0).end(), 42U);
  say_closed(*first_, 0, 42);
  EXPECT_TRUE(asker_->quiet()) << "said again with every renewal";
}

TEST_F(StreamChanges, AMergeEndsWhenBothOwnersHaveClosedTheirs) {
  make(2);
  asker_->send(merge("mine", 0, 1));
  say_closed(*second_, 1, 7);
  EXPECT_TRUE(asker_->quiet());
  say_closed(*first_, 0, 8);
  EXPECT_EQ(asker_->answer().error(), "");
  EXPECT_EQ(shards(asker_->stream("mine")), "0x 1x 2");
}

TEST_F(StreamChanges, AnOwnerThatIsLostBeforeItSaysSoSaysItWhenItIsBack) {
  make(1);
  asker_->send(split("mine", 0, kMiddle));
  EXPECT_TRUE(leases_of(*first_).leases(2).closed());
  first_ = join("backend-1");  // the former connection is closed after this one is made
  wire::Leases leases = leases_of(*first_);
  while (leases.leases().empty()) {  // refused while the former was still there
    first_ = join("backend-1");
    leases = leases_of(*first_);
  }
  EXPECT_TRUE(leases.leases(2).closed());
  EXPECT_EQ(leases.leases(2).epoch(), 2U);
  await_version();
  EXPECT_EQ(shards(asker_->stream("mine")), "0") << "closed, its keys would have no owner";
  say_closed(*first_, 0, 5);
  EXPECT_EQ(asker_->answer().error(), "");
  EXPECT_EQ(shards(asker_->stream("mine")), "0x 1 2");
}

TEST_F(StreamChanges, ASplitWhoseStreamIsRemovedIsAnsweredToo) {
  make(1);
  asker_->send(split("mine", 0, kMiddle));
  asker_->send(remove("mine"));
  EXPECT_EQ(asker_->answer().id(), 3U);
  const wire::ChangeDone split_done = asker_->answer();
  EXPECT_EQ(split_done.id(), 2U);
  EXPECT_EQ(split_done.error(), "");
  EXPECT_EQ(asker_->configuration().streams_size(), 1);
}

TEST_F(StreamChanges, ASplitEndsForTheOthersWhenWhoAskedForItIsGone) {
  make(1);
  auto other = std::make_unique<Asker>(address_, "frontend-2");
  other->send(split("mine", 0, kMiddle));
  EXPECT_TRUE(leases_of(*first_).leases(2).closed());
  other.reset();
  say_closed(*first_, 0, 5);
  while (shards(asker_->stream("mine")) != "0x 1 2") asker_->receive();
  EXPECT_EQ(asker_->ask(remove("mine")).error(), "");
}

/// All answers to these, sent at once.
std::vector<Envelope> answers(const Peer& peer, const Envelope& request, int count) {
  std::string frames;
  for (int i = 0; i < count; ++i) frames += wire::encode(request);
  peer.send_bytes(frames);
  std::vector<Envelope> answers;
  while (static_cast<int>(answers.size()) < count) answers.push_back(peer.receive());
  return answers;
}

int count(const std::vector<Envelope>& answers, wire::Result result) {
  int count = 0;
  for (const Envelope& one : answers) {
    const bool same =
        one.has_put_done() ? one.put_done().result() == result : one.get_done().result() == result;
    count += same ? 1 : 0;
  }
  return count;
}

class Limits : public testing::Test {
 protected:
  void TearDown() override {
    backend_.end(SIGKILL);
    membership_.end(SIGKILL);
    EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
  }
  Envelope a_put(const wire::Lease& to) const {
    Envelope envelope;
    wire::Put& put = *envelope.mutable_put();
    put.set_stream(to.stream());
    put.set_shard(to.shard());
    put.set_epoch(to.epoch());
    put.set_data("x");
    return envelope;
  }
  Envelope a_get(const wire::Lease& from, std::uint64_t epoch) const {
    Envelope envelope;
    wire::Get& get = *envelope.mutable_get();
    get.set_stream(from.stream());
    get.set_shard(from.shard());
    get.set_epoch(epoch);
    return envelope;
  }
  double since_start() const {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }

  Program membership_ = start_membership({"--account", "000000000002"});
  Program backend_ = start_backend("backend-1", membership_.address());
  std::chrono::steady_clock::time_point start_;
};

TEST_F(Limits, AThousandRecordsASecondAreTakenAndTheNextIsRefusedByName) {
  Asker asker(membership_.address(), "frontend-1");
  EXPECT_EQ(asker.ask(create("mine", 2)).error(), "");
  const Peer peer(backend_.address(), wire::ROLE_FRONTEND, "frontend-1");
  const wire::Lease mine = await_lease(peer, asker.stream("mine").id(), 0);
  start_ = std::chrono::steady_clock::now();
  const auto all = answers(peer, a_put(mine), 3000);
  const double took = since_start();
  const int taken = count(all, wire::RESULT_OK);
  EXPECT_GE(taken, 1000);
  EXPECT_LE(taken, 1000 + 1000 * took + 1);
  ASSERT_GT(count(all, wire::RESULT_LIMITED), 0) << "it took " << took << " s";
  EXPECT_EQ(taken + count(all, wire::RESULT_LIMITED), 3000);
  EXPECT_EQ(read_all(peer, mine).size(), static_cast<std::size_t>(taken)) << "nothing was stored";
  // Another shard has its own, and the experiment's streams have none.
  wire::Lease other = mine;
  other.set_shard(1);
  EXPECT_EQ(count(answers(peer, a_put(other), 1000), wire::RESULT_OK), 1000);
  other.set_stream("orders");
  EXPECT_EQ(count(answers(peer, a_put(other), 3000), wire::RESULT_OK), 3000);
}

TEST_F(Limits, FiveReadsASecondAreAnsweredButAuditsAndQuestionsAlways) {
  Asker asker(membership_.address(), "frontend-1");
  EXPECT_EQ(asker.ask(create("mine", 1)).error(), "");
  const Peer peer(backend_.address(), wire::ROLE_FRONTEND, "frontend-1");
  const wire::Lease mine = await_lease(peer, asker.stream("mine").id(), 0);
  start_ = std::chrono::steady_clock::now();
  const auto all = answers(peer, a_get(mine, mine.epoch()), 100);
  const double took = since_start();
  EXPECT_GE(count(all, wire::RESULT_OK), 5);
  EXPECT_LE(count(all, wire::RESULT_OK), 5 + 5 * took + 1);
  EXPECT_GT(count(all, wire::RESULT_LIMITED), 0) << "it took " << took << " s";
  EXPECT_EQ(count(answers(peer, a_get(mine, 0), 100), wire::RESULT_OK), 100);
  Envelope where = a_get(mine, mine.epoch());
  where.mutable_get()->set_only_where(true);
  EXPECT_EQ(count(answers(peer, where, 100), wire::RESULT_OK), 100);
}

TEST(LimitsOff, ZerosAreNone) {
  Program membership =
      start_membership({"--account", "000000000002", "--shard-limits", "0", "0", "0", "0"});
  Program backend = start_backend("backend-1", membership.address());
  Asker asker(membership.address(), "frontend-1");
  EXPECT_EQ(asker.ask(create("mine", 1)).error(), "");
  const Peer peer(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  const wire::Lease mine = await_lease(peer, asker.stream("mine").id(), 0);
  Envelope put;
  put.mutable_put()->set_stream(mine.stream());
  put.mutable_put()->set_epoch(mine.epoch());
  EXPECT_EQ(count(answers(peer, put, 3000), wire::RESULT_OK), 3000);
}

/// Sees every change of a frontend's status.
class Watch {
 public:
  explicit Watch(const std::string& where) : peer_(where) {
    Envelope request;
    request.mutable_status_request()->set_watch(true);
    peer_.send(request);
  }
  /// Until a map of this version, or a later one, has so many routes; a failure before it counts.
  void await(std::uint64_t version, int routes) const {
    while (true) {
      const Status status = peer_.receive().status();
      EXPECT_NE(status.build().state(), wire::BUILD_FAILED) << status.build().reason();
      const wire::PublishedMap& map = status.map();
      if (map.complete() && map.version() >= version && map.routes_size() == routes) return;
    }
  }

 private:
  Peer peer_;
};

// News of owners and news of streams come over different connections, in any order: no map may be
// thought broken in between.
TEST(StreamsOfAFleet, NoMapFailsWhileStreamsComeChangeAndGo) {
  SmallFleet fleet(2);
  for (int i = 0; i < 2; ++i) fleet.add({"--guardrail", "staged-build"});
  const std::array<Watch, 2> watches{Watch(fleet.status_of(0)), Watch(fleet.status_of(1))};
  for (const Watch& watch : watches) watch.await(1, 4);
  const Peer asker(fleet.membership(), wire::ROLE_FRONTEND, "asker");
  const auto ask = [&](const wire::Change& change) {
    Envelope envelope;
    *envelope.mutable_change() = change;
    asker.send(envelope);
    while (true) {
      const Envelope message = asker.receive();
      if (message.has_change_done()) return message.change_done().error();
    }
  };
  struct Step {
    wire::Change change;
    int routes;  // with it
  };
  const std::vector<Step> steps{{create("mine", 2), 6},
                                {split("mine", 0, 1000), 8},
                                {merge("mine", 3, 1), 9},
                                {remove("mine"), 4}};
  std::uint64_t version = 1;
  for (int round = 0; round < 10; ++round) {
    for (const Step& step : steps) {
      ASSERT_EQ(ask(step.change), "");
      ++version;
      for (const Watch& watch : watches) watch.await(version, step.routes);
    }
  }
}

}  // namespace
}  // namespace ceiling::testing_programs
