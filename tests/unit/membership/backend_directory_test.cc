#include "workload/membership/backend_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "workload/membership/checks.h"
#include "workload/membership/stream_directory.h"
#include "workload/protocol/routes.h"
#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

wire::Backend backend(const std::string& name, int port = 4000) {
  wire::Backend backend;
  backend.set_name(name);
  backend.set_address("127.0.0.1:" + std::to_string(port));
  return backend;
}

// Of the experiment.
StreamDirectory orders_and_clicks() {
  return {{stream_from("orders:3"), stream_from("clicks:2")}, 1};
}

// "orders/3@1": stream, shard, epoch.
std::vector<std::string> leases(const BackendDirectory& directory, const std::string& name,
                                const StreamDirectory& streams = orders_and_clicks()) {
  std::vector<std::string> texts;
  for (const wire::Lease& lease : directory.leases_of(name, streams.streams())) {
    texts.push_back(lease.stream() + "/" + std::to_string(lease.shard()) + "@" +
                    std::to_string(lease.epoch()));
  }
  return texts;
}

BackendDirectory two_backends() {
  return BackendDirectory(2);
}

TEST(BackendDirectory, ShardsAreDealtOutInTurnWhenAllAreThere) {
  BackendDirectory directory = two_backends();
  directory.join(backend("b"));
  EXPECT_FALSE(directory.complete());
  EXPECT_THAT(leases(directory, "b"), IsEmpty());
  directory.join(backend("a"));
  EXPECT_TRUE(directory.complete());
  EXPECT_THAT(leases(directory, "a"), ElementsAre("orders/0@1", "orders/2@1", "clicks/1@1"));
  EXPECT_THAT(leases(directory, "b"), ElementsAre("orders/1@1", "clicks/0@1"));
  EXPECT_THAT(leases(directory, "c"), IsEmpty());
}

// The epoch is what tells a frontend that its route is of the time before.
TEST(BackendDirectory, ABackendThatComesBackHasItsShardsInTheNextEpoch) {
  BackendDirectory directory = two_backends();
  directory.join(backend("a"));
  directory.join(backend("b"));
  for (const char* epoch : {"2", "3"}) {
    directory.lost("b");
    EXPECT_EQ(directory.connected(), 1U);
    EXPECT_TRUE(directory.complete());
    directory.join(backend("b", 5000));
    EXPECT_EQ(directory.connected(), 2U);
    EXPECT_THAT(leases(directory, "b"),
                ElementsAre(std::string("orders/1@") + epoch, std::string("clicks/0@") + epoch));
  }
  EXPECT_THAT(leases(directory, "a"), ElementsAre("orders/0@1", "orders/2@1", "clicks/1@1"));
  EXPECT_EQ(directory.backends()[1].address(), "127.0.0.1:5000");
  EXPECT_EQ(directory.backends()[0].epoch(), 1U);
  EXPECT_EQ(directory.backends()[1].epoch(), 3U);
}

TEST(BackendDirectory, ABackendLostBeforeTheDealMakesRoomForAnother) {
  BackendDirectory directory = two_backends();
  directory.join(backend("a"));
  directory.lost("a");
  directory.join(backend("b"));
  EXPECT_FALSE(directory.complete());
  directory.join(backend("c"));
  EXPECT_TRUE(directory.complete());
  EXPECT_THAT(leases(directory, "a"), IsEmpty());
  EXPECT_EQ(leases(directory, "b").size(), 3U);
}

TEST(BackendDirectory, ANameThatIsConnectedAndABackendTooManyAreRefused) {
  BackendDirectory directory = two_backends();
  directory.join(backend("a"));
  EXPECT_THROW(directory.join(backend("a", 5000)), wire::ProtocolError);
  directory.join(backend("b"));
  EXPECT_THROW(directory.join(backend("c")), wire::ProtocolError);
  EXPECT_THROW(directory.join(backend("b")), wire::ProtocolError);
  directory.lost("b");
  EXPECT_THROW(directory.join(backend("c")), wire::ProtocolError);
  EXPECT_THAT(leases(directory, "b"), ElementsAre("orders/1@1", "clicks/0@1"));
}

TEST(BackendDirectory, BadNamesAndAddressesAreRefused) {
  BackendDirectory directory = two_backends();
  EXPECT_THROW(directory.join(backend("")), wire::ProtocolError);
  EXPECT_THROW(directory.join(backend("a b")), wire::ProtocolError);
  EXPECT_THROW(directory.join(backend("a", 0)), wire::ProtocolError);
  EXPECT_THROW(directory.join(backend("a", 65536)), wire::ProtocolError);
  EXPECT_EQ(directory.connected(), 0U);
}

wire::Change change(const std::string& stream) {
  wire::Change change;
  change.set_account("000000000002");
  change.set_stream(stream);
  return change;
}

wire::Change create(const std::string& stream, std::uint32_t shards) {
  wire::Change made = change(stream);
  made.set_create(shards);
  return made;
}

// Records do not move: a shard that changed hands would be empty.
TEST(BackendDirectory, AShardKeepsItsOwnerWhateverStreamsComeAndGo) {
  BackendDirectory directory = two_backends();
  directory.join(backend("a"));
  directory.join(backend("b"));
  StreamDirectory streams = orders_and_clicks();
  streams.apply(create("first", 3), 1);
  streams.apply(create("second", 2), 1);
  const std::string second = streams.id_of("000000000002", "second");
  const std::string first = streams.id_of("000000000002", "first");
  EXPECT_THAT(leases(directory, "a", streams), ElementsAre("orders/0@1", "orders/2@1", "clicks/1@1",
                                                           first + "/1@1", second + "/0@1"));
  EXPECT_THAT(
      leases(directory, "b", streams),
      ElementsAre("orders/1@1", "clicks/0@1", first + "/0@1", first + "/2@1", second + "/1@1"));
  wire::Change remove = change("first");
  remove.set_remove(true);
  streams.apply(remove, 2);
  streams.apply(create("third", 1), 3);
  const std::string third = streams.id_of("000000000002", "third");
  EXPECT_THAT(leases(directory, "a", streams), ElementsAre("orders/0@1", "orders/2@1", "clicks/1@1",
                                                           second + "/0@1", third + "/0@1"));
  EXPECT_THAT(leases(directory, "b", streams),
              ElementsAre("orders/1@1", "clicks/0@1", second + "/1@1"));
}

TEST(BackendDirectory, ALeaseSaysWhatIsClosedAndWhatIsLimited) {
  BackendDirectory directory(1);
  directory.join(backend("a"));
  StreamDirectory streams({stream_from("orders:1")}, 1);
  streams.apply(create("mine", 2), 1);
  wire::Change split = change("mine");
  split.mutable_split()->set_shard(1);
  split.mutable_split()->set_at(wire::bytes_of(shard_range(1, 2).first + 1000));
  streams.apply(split, 2);
  const auto held = directory.leases_of("a", streams.streams());
  ASSERT_EQ(held.size(), 3U);
  EXPECT_FALSE(held[0].limited()) << "the experiment's streams have no limits";
  EXPECT_FALSE(held[0].closed());
  EXPECT_TRUE(held[1].limited());
  EXPECT_FALSE(held[1].closed());
  EXPECT_TRUE(held[2].limited());
  EXPECT_TRUE(held[2].closed());
}

// The program would end while it encodes a longer message.
TEST(BackendDirectory, AllShardsOfOneBackendFitAMessage) {
  BackendDirectory directory(1);
  directory.join(backend("a"));
  StreamDirectory streams({}, ~std::uint64_t{0} >> 1);
  streams.apply(create(std::string(128, 's'), kMaxShards), 1);
  wire::Envelope envelope;
  for (wire::Lease lease : directory.leases_of("a", streams.streams())) {
    lease.set_epoch(~std::uint64_t{0});
    lease.set_closed(true);
    *envelope.mutable_leases()->add_leases() = lease;
  }
  EXPECT_EQ(envelope.leases().leases_size(), kMaxShards);
  EXPECT_NO_THROW(wire::encode(envelope));
}

}  // namespace
}  // namespace ceiling
