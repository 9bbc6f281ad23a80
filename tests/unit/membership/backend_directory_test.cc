#include "workload/membership/backend_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "workload/membership/checks.h"
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

// "orders/3@1": stream, shard, epoch.
std::vector<std::string> leases(const BackendDirectory& directory, const std::string& name) {
  std::vector<std::string> texts;
  for (const wire::Lease& lease : directory.leases_of(name)) {
    texts.push_back(lease.stream() + "/" + std::to_string(lease.shard()) + "@" +
                    std::to_string(lease.epoch()));
  }
  return texts;
}

BackendDirectory two_backends() {
  return {{stream_from("orders:3"), stream_from("clicks:2")}, 2};
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

// The program would end while it encodes a longer message.
TEST(BackendDirectory, AllShardsOfOneBackendFitAMessage) {
  BackendDirectory directory({stream_from(std::string(128, 's') + ":10000")}, 1);
  directory.join(backend("a"));
  wire::Envelope envelope;
  for (wire::Lease lease : directory.leases_of("a")) {
    lease.set_epoch(~std::uint64_t{0});
    *envelope.mutable_leases()->add_leases() = lease;
  }
  EXPECT_EQ(envelope.leases().leases_size(), kMaxShards);
  EXPECT_NO_THROW(wire::encode(envelope));
}

}  // namespace
}  // namespace ceiling
