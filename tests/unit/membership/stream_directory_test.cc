#include "workload/membership/stream_directory.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "workload/membership/checks.h"
#include "workload/protocol/accounts.h"
#include "workload/protocol/routes.h"
#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr const char* kAccount = "000000000002";
constexpr HashKey kLast = ~HashKey{0};
constexpr HashKey kMiddle = HashKey{1} << 127;

wire::Change change(const std::string& stream, const std::string& account = kAccount) {
  wire::Change change;
  change.set_account(account);
  change.set_stream(stream);
  return change;
}

wire::Change create(const std::string& stream, std::uint32_t shards,
                    const std::string& account = kAccount) {
  wire::Change made = change(stream, account);
  made.set_create(shards);
  return made;
}

wire::Change remove(const std::string& stream, const std::string& account = kAccount) {
  wire::Change made = change(stream, account);
  made.set_remove(true);
  return made;
}

wire::Change split(const std::string& stream, std::uint32_t shard, HashKey at) {
  wire::Change made = change(stream);
  made.mutable_split()->set_shard(shard);
  made.mutable_split()->set_at(wire::bytes_of(at));
  return made;
}

wire::Change merge(const std::string& stream, std::uint32_t shard, std::uint32_t other) {
  wire::Change made = change(stream);
  made.mutable_merge()->set_shard(shard);
  made.mutable_merge()->set_other(other);
  return made;
}

class Streams : public testing::Test {
 protected:
  // "Type: reason"; empty: done.
  std::string apply(const wire::Change& change) {
    const auto text = [](std::span<const wire::Stream> streams) {
      std::string all;
      for (const wire::Stream& stream : streams) all += stream.SerializeAsString();
      return all;
    };
    const std::string before = text(directory_.streams());
    try {
      directory_.apply(change, ++now_ms_);
      return "";
    } catch (const ChangeError& error) {
      EXPECT_EQ(text(directory_.streams()), before) << "refused, and changed all the same";
      return error.type + ": " + error.reason;
    }
  }
  std::string id(const std::string& name, const std::string& account = kAccount) {
    return directory_.id_of(account, name);
  }
  const wire::Stream& stream(const std::string& name) {
    const auto streams = directory_.streams();
    return *std::find_if(streams.begin(), streams.end(),
                         [&](const wire::Stream& one) { return one.name() == name; });
  }
  bool closed(const std::string& name, std::uint32_t shard, std::uint64_t end = 1) {
    return directory_.replace_closed({id(name), shard}, end);
  }
  // "0 1x 2<1": numbers, x: closed, after <: its parents.
  std::string shards(const std::string& name) {
    std::string text;
    for (const wire::Shard& shard : stream(name).made()) {
      text += (text.empty() ? "" : " ") + std::to_string(shard.number());
      if (shard.closed()) text += "x";
      for (const std::uint32_t parent : shard.parents()) text += "<" + std::to_string(parent);
    }
    return text;
  }
  HashRange range(const std::string& name, int shard) {
    return wire::range_of(stream(name).made(shard)).value();
  }
  // As frontends judge it.
  std::optional<std::string> tiling(const std::string& name) {
    std::vector<wire::Route> routes;
    for (const wire::Shard& shard : stream(name).made()) {
      routes.push_back(wire::make_route(stream(name), shard, "127.0.0.1:1", 1));
    }
    return wire::tiling_problem(std::span(&stream(name), 1), routes);
  }

  std::uint64_t now_ms_ = 1000;
  StreamDirectory directory_{{stream_from("orders:4")}, 1000};
};

TEST_F(Streams, ACreatedOneHasEvenShardsAndBelongsToItsAccount) {
  EXPECT_EQ(apply(create("mine", 3)), "");
  const wire::Stream& mine = stream("mine");
  EXPECT_EQ(mine.account(), kAccount);
  EXPECT_EQ(mine.created_ms(), 1001U);
  EXPECT_TRUE(mine.of_a_client());
  EXPECT_EQ(shards("mine"), "0 1 2");
  for (int shard = 0; shard < 3; ++shard) EXPECT_EQ(range("mine", shard), shard_range(shard, 3));
  EXPECT_EQ(tiling("mine"), std::nullopt);
  EXPECT_EQ(id("mine"), mine.id());
  EXPECT_EQ(id("mine", std::string(kFleetAccount)), "");
}

TEST_F(Streams, TheExperimentsAreTheFleetsAndCannotBeChanged) {
  const wire::Stream& orders = stream("orders");
  EXPECT_EQ(orders.account(), kFleetAccount);
  EXPECT_EQ(orders.id(), "orders") << "records of earlier versions are found by it";
  EXPECT_FALSE(orders.of_a_client());
  const std::string refusal =
      "ResourceInUseException: Stream orders under account 000000000001 belongs to the experiment, "
      "which judges it: make one of your own to change it.";
  for (wire::Change one : {remove("orders"), split("orders", 0, 1000), merge("orders", 0, 1)}) {
    one.set_account(std::string(kFleetAccount));
    EXPECT_EQ(apply(one), refusal);
  }
}

TEST_F(Streams, ANameIsGivenOnceInAnAccount) {
  EXPECT_EQ(apply(create("mine", 1)), "");
  EXPECT_EQ(apply(create("mine", 2)),
            "ResourceInUseException: Stream mine under account 000000000002 already exists.");
  EXPECT_EQ(apply(create("mine", 1, "000000000003")), "");
  EXPECT_EQ(apply(create("orders", 1)), "") << "another account has one of that name";
  EXPECT_EQ(apply(create("orders", 1, std::string(kFleetAccount))),
            "ResourceInUseException: Stream orders under account 000000000001 already exists.");
}

TEST_F(Streams, WhatIsNotThereIsNotFound) {
  apply(create("mine", 2));
  for (const wire::Change& one : {remove("other"), split("other", 0, 5), merge("other", 0, 1)}) {
    EXPECT_EQ(apply(one),
              "ResourceNotFoundException: Stream other under account 000000000002 not found.");
  }
  EXPECT_EQ(apply(remove("mine", "000000000003")),
            "ResourceNotFoundException: Stream mine under account 000000000003 not found.");
  const std::string no_shard =
      "ResourceNotFoundException: Could not find shard shardId-000000000007 in stream mine under "
      "account 000000000002.";
  EXPECT_EQ(apply(split("mine", 7, kMiddle)), no_shard);
  EXPECT_EQ(apply(merge("mine", 0, 7)), no_shard);
  EXPECT_EQ(apply(merge("mine", 7, 0)), no_shard);
}

TEST_F(Streams, AChangeThatSaysNothingIsRefused) {
  EXPECT_EQ(apply(change("mine")), "InternalFailure: a change that says nothing");
}

// They would reach a message to everyone, and the log.
TEST_F(Streams, NamesThatNoFrontendLetsThroughAreTheSendersFault) {
  for (const std::string& name :
       {std::string(), std::string("two\nlines"), std::string(129, 's')}) {
    EXPECT_THROW(apply(create(name, 1)), wire::ProtocolError) << name;
    EXPECT_THROW(apply(remove(name)), wire::ProtocolError) << name;
  }
  EXPECT_THROW(apply(create("mine", 1, "2")), wire::ProtocolError);
  EXPECT_THROW(apply(create("mine", 1, "")), wire::ProtocolError);
  EXPECT_EQ(directory_.streams().size(), 1U);
}

// Records of the old one may still lie on disk.
TEST_F(Streams, AnIdIsGivenOnce) {
  std::set<std::string> ids;
  for (int life = 0; life < 3; ++life) {
    EXPECT_EQ(apply(create("mine", 1)), "");
    EXPECT_TRUE(ids.insert(id("mine")).second) << id("mine");
    EXPECT_EQ(apply(remove("mine")), "");
    EXPECT_EQ(id("mine"), "");
  }
  // Nor by a membership that is started again.
  StreamDirectory later({stream_from("orders:4")}, 2000);
  later.apply(create("mine", 1), 2001);
  EXPECT_TRUE(ids.insert(later.id_of(kAccount, "mine")).second);
}

TEST_F(Streams, AnAccountHasAtMostAHundred) {
  for (std::size_t i = 0; i < StreamDirectory::kMostStreams; ++i) {
    EXPECT_EQ(apply(create("s" + std::to_string(i), 1)), "");
  }
  EXPECT_EQ(apply(create("one-more", 1)),
            "LimitExceededException: an account has at most 100 streams, and all streams together "
            "10000 shards; there are 100 and 104");
  EXPECT_EQ(apply(create("one-more", 1, "000000000003")), "");
  EXPECT_EQ(apply(remove("s7")), "");
  EXPECT_EQ(apply(create("one-more", 1)), "");
}

TEST_F(Streams, AllTogetherHaveAtMostTenThousandShards) {
  EXPECT_THAT(apply(create("mine", 9997)), HasSubstr("LimitExceededException"));
  EXPECT_THAT(apply(create("mine", ~std::uint32_t{0})), HasSubstr("LimitExceededException"));
  EXPECT_THAT(apply(create("mine", 0)), HasSubstr("LimitExceededException"));
  EXPECT_EQ(apply(create("mine", 9995)), "");
  const std::string full = "LimitExceededException: all streams together have at most 10000 shards";
  EXPECT_EQ(apply(split("mine", 0, 1000)), full);
  EXPECT_EQ(shards("mine").find('x'), std::string::npos);
  EXPECT_EQ(apply(merge("mine", 0, 1)), "") << "one is left";
  EXPECT_FALSE(closed("mine", 0));
  EXPECT_TRUE(closed("mine", 1));
  EXPECT_EQ(apply(merge("mine", 2, 3)), full);
  EXPECT_EQ(apply(create("other", 1, "000000000003")),
            "LimitExceededException: an account has at most 100 streams, and all streams together "
            "10000 shards; there are 0 and 10000");
}

TEST_F(Streams, AShardIsClosedFirstAndReplacedWhenItsOwnerHasSaidSo) {
  apply(create("mine", 2));
  EXPECT_EQ(apply(split("mine", 1, kMiddle + 1000)), "");
  EXPECT_EQ(shards("mine"), "0 1x");
  EXPECT_TRUE(directory_.changing(id("mine")));
  EXPECT_FALSE(closed("mine", 0)) << "this one is not being closed";
  EXPECT_FALSE(closed("mine", 9));
  EXPECT_FALSE(directory_.replace_closed({"another", 1}, 1));
  EXPECT_EQ(shards("mine"), "0 1x");
  EXPECT_TRUE(closed("mine", 1, 778));
  EXPECT_EQ(shards("mine"), "0 1x 2<1 3<1");
  EXPECT_EQ(stream("mine").made(1).end(), 778U);
  EXPECT_EQ(range("mine", 2), (HashRange{kMiddle, kMiddle + 999}));
  EXPECT_EQ(range("mine", 3), (HashRange{kMiddle + 1000, kLast}));
  EXPECT_EQ(tiling("mine"), std::nullopt);
  EXPECT_FALSE(directory_.changing(id("mine")));
}

// Maps are built meanwhile, too: were it closed there already, its keys would have no owner.
TEST_F(Streams, MapsHaveAShardOpenUntilItIsReplaced) {
  apply(create("mine", 2));
  apply(merge("mine", 0, 1));
  closed("mine", 0, 7);
  EXPECT_EQ(shards("mine"), "0x 1x");
  const std::vector<wire::Stream> routed = directory_.routed();
  ASSERT_EQ(routed.size(), 2U);
  ASSERT_EQ(routed[1].made_size(), 2);
  for (const wire::Shard& shard : routed[1].made()) {
    EXPECT_FALSE(shard.closed());
    EXPECT_EQ(shard.end(), 0U);
  }
  closed("mine", 1, 8);
  EXPECT_TRUE(directory_.routed()[1].made(0).closed());
  EXPECT_EQ(directory_.routed()[1].made(0).end(), 7U);
}

// Owners say it with every lease that is renewed.
TEST_F(Streams, WhatIsSaidAgainChangesNothing) {
  apply(create("mine", 1));
  apply(split("mine", 0, kMiddle));
  EXPECT_TRUE(closed("mine", 0, 5));
  EXPECT_FALSE(closed("mine", 0, 6));
  EXPECT_EQ(stream("mine").made(0).end(), 5U);
  EXPECT_EQ(shards("mine"), "0x 1<0 2<0");
  EXPECT_EQ(apply(split("mine", 1, 1000)), "");
  EXPECT_FALSE(closed("mine", 0, 6));
  EXPECT_EQ(shards("mine"), "0x 1x<0 2<0");
}

TEST_F(Streams, AMergeWaitsForBothOwners) {
  for (const bool lower_first : {true, false}) {
    const std::string name = lower_first ? "a" : "b";
    apply(create(name, 4));
    EXPECT_EQ(apply(merge(name, 2, 1)), "");
    EXPECT_EQ(shards(name), "0 1x 2x 3");
    EXPECT_FALSE(closed(name, lower_first ? 1 : 2, 11));
    EXPECT_FALSE(closed(name, lower_first ? 1 : 2, 99)) << "the same one again";
    EXPECT_EQ(shards(name), "0 1x 2x 3");
    EXPECT_TRUE(closed(name, lower_first ? 2 : 1, 12));
    EXPECT_EQ(shards(name), "0 1x 2x 3 4<2<1");
    EXPECT_EQ(stream(name).made(lower_first ? 1 : 2).end(), 11U);
    EXPECT_EQ(range(name, 4), (HashRange{shard_range(1, 4).first, shard_range(2, 4).last}));
    EXPECT_EQ(tiling(name), std::nullopt);
  }
}

TEST_F(Streams, ASplitMustLeaveBothHalvesMoreThanOneKey) {
  apply(create("mine", 2));
  const std::string refusal =
      "InvalidArgumentException: NewStartingHashKey 0 used in SplitShard() on shard "
      "shardId-000000000000 in stream mine under account 000000000002 is not both greater than one "
      "plus the shard's StartingHashKey 0 and less than the shard's EndingHashKey "
      "170141183460469231731687303715884105727.";
  EXPECT_EQ(apply(split("mine", 0, 0)), refusal);
  for (const HashKey at : {HashKey{1}, kMiddle - 1, kMiddle, kMiddle + 5, kLast}) {
    EXPECT_THAT(apply(split("mine", 0, at)),
                HasSubstr("InvalidArgumentException: NewStartingHash"));
  }
  for (const HashKey at : {HashKey{0}, kMiddle, kMiddle + 1, kLast}) {
    EXPECT_THAT(apply(split("mine", 1, at)),
                HasSubstr("InvalidArgumentException: NewStartingHash"));
  }
  wire::Change garbled = split("mine", 0, 1000);
  garbled.mutable_split()->set_at("short");
  EXPECT_THAT(apply(garbled), HasSubstr("NewStartingHashKey  used in SplitShard()"));
  EXPECT_EQ(apply(split("mine", 0, 2)), "");
  EXPECT_TRUE(closed("mine", 0));
  EXPECT_EQ(range("mine", 2), (HashRange{0, 1}));
  EXPECT_EQ(apply(split("mine", 1, kLast - 1)), "");
  EXPECT_TRUE(closed("mine", 1));
  EXPECT_EQ(range("mine", 5), (HashRange{kLast - 1, kLast}));
  EXPECT_EQ(tiling("mine"), std::nullopt);
  for (const HashKey at : {kLast - 1, kLast}) {
    EXPECT_THAT(apply(split("mine", 5, at)), HasSubstr("InvalidArgumentException")) << "too small";
  }
}

TEST_F(Streams, OnlyNeighboursAreMerged) {
  apply(create("mine", 3));
  EXPECT_EQ(
      apply(merge("mine", 2, 0)),
      "InvalidArgumentException: Shards shardId-000000000002 and shardId-000000000000 in stream "
      "mine under account 000000000002 are not an adjacent pair of shards eligible for merging");
  EXPECT_THAT(apply(merge("mine", 1, 1)), HasSubstr("not an adjacent pair"));
  apply(create("whole", 1));
  EXPECT_THAT(apply(merge("whole", 0, 0)), HasSubstr("not an adjacent pair"));
}

TEST_F(Streams, AClosedShardIsNotChangedAgain) {
  apply(create("mine", 2));
  apply(split("mine", 0, 1000));
  ASSERT_TRUE(closed("mine", 0));
  const std::string refusal =
      "InvalidArgumentException: Shard shardId-000000000000 in stream mine under account "
      "000000000002 has already been merged or split, and thus is not eligible for merging or "
      "splitting.";
  EXPECT_EQ(apply(split("mine", 0, 500)), refusal);
  EXPECT_EQ(apply(merge("mine", 0, 1)), refusal);
  EXPECT_EQ(apply(merge("mine", 3, 0)), refusal);
  EXPECT_EQ(apply(merge("mine", 3, 1)), "") << "its child is a neighbour";
}

TEST_F(Streams, OneOnDemandKeepsItsShards) {
  wire::Change made = create("mine", 4);
  made.set_on_demand(true);
  ASSERT_EQ(apply(made), "");
  EXPECT_TRUE(directory_.streams().back().on_demand());
  const std::string why =
      "ValidationException: Stream mine under account 000000000002 is in ON_DEMAND mode; only "
      "shards of one in PROVISIONED mode can be split or merged.";
  EXPECT_EQ(apply(split("mine", 0, HashKey{1} << 100)), why);
  EXPECT_EQ(apply(merge("mine", 0, 1)), why);
  EXPECT_EQ(apply(remove("mine")), "");
}

TEST_F(Streams, OneChangeOfAStreamAtATime) {
  apply(create("mine", 4));
  apply(create("other", 2));
  EXPECT_EQ(apply(split("mine", 0, 1000)), "");
  const std::string busy =
      "ResourceInUseException: Stream mine under account 000000000002 not ACTIVE, instead in state "
      "UPDATING";
  EXPECT_EQ(apply(split("mine", 1, 1000)), busy);
  EXPECT_EQ(apply(split("mine", 0, 1000)), busy) << "asked for twice: it is under way";
  EXPECT_EQ(apply(merge("mine", 2, 3)), busy);
  EXPECT_EQ(apply(merge("other", 0, 1)), "") << "another stream is another matter";
  EXPECT_TRUE(closed("mine", 0));
  EXPECT_EQ(apply(merge("mine", 2, 3)), "");
}

TEST_F(Streams, OneThatIsRemovedDuringASplitIsGoneWithIt) {
  apply(create("mine", 1));
  apply(split("mine", 0, kMiddle));
  const std::string gone = id("mine");
  EXPECT_EQ(apply(remove("mine")), "");
  EXPECT_FALSE(directory_.changing(gone));
  EXPECT_FALSE(directory_.replace_closed({gone, 0}, 1));
  EXPECT_EQ(directory_.streams().size(), 1U);
  EXPECT_EQ(apply(create("mine", 1)), "");
  EXPECT_EQ(apply(split("mine", 0, kMiddle)), "");
  EXPECT_FALSE(directory_.replace_closed({gone, 0}, 1)) << "that was said of the old one";
  EXPECT_TRUE(closed("mine", 0));
}

TEST_F(Streams, AfterManyChangesTheOpenShardsStillTile) {
  apply(create("mine", 1));
  std::uint32_t shard = 0;
  for (int bits = 1; bits < 127; ++bits) {  // always the lowest one, down to two keys
    ASSERT_EQ(apply(split("mine", shard, HashKey{1} << (128 - bits))), "");
    ASSERT_TRUE(closed("mine", shard));
    shard = static_cast<std::uint32_t>(stream("mine").made_size() - 2);
    ASSERT_EQ(tiling("mine"), std::nullopt) << bits;
  }
  for (int bits = 126; bits > 0; --bits) {  // and back
    const auto children = static_cast<std::uint32_t>(2 * bits - 1);
    ASSERT_EQ(apply(merge("mine", shard, bits == 126 ? shard + 1 : children + 1)), "") << bits;
    closed("mine", shard);
    ASSERT_TRUE(closed("mine", bits == 126 ? shard + 1 : children + 1));
    shard = static_cast<std::uint32_t>(stream("mine").made_size() - 1);
    ASSERT_EQ(tiling("mine"), std::nullopt) << bits;
  }
  EXPECT_EQ(range("mine", static_cast<int>(shard)), (HashRange{0, kLast}));
}

// Who owns it must not depend on what came and went: turns are given once.
TEST_F(Streams, TurnsRiseAndAreNotGivenAgain) {
  apply(create("a", 2));
  apply(create("b", 1));
  apply(split("b", 0, kMiddle));
  closed("b", 0);
  std::vector<std::uint32_t> turns;
  for (const wire::Stream& one : directory_.streams()) {
    for (const wire::Shard& shard : one.made()) turns.push_back(shard.turn());
  }
  EXPECT_THAT(turns, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7, 8));
  apply(remove("a"));
  apply(create("c", 1));
  EXPECT_EQ(stream("c").made(0).turn(), 9U);
  EXPECT_EQ(stream("b").made(2).turn(), 8U);
}

// The program would end while it encodes a longer message.
TEST(StreamDirectory, TheMostAndLongestStreamsFitAMessage) {
  StreamDirectory directory({}, ~std::uint64_t{0} >> 1);
  wire::Envelope envelope;
  for (int i = 0; i < kMaxShards; ++i) {
    std::string name = std::to_string(i);
    name.insert(0, 128 - name.size(), 's');
    std::string account = std::to_string(100 + i / 100);
    account.insert(0, 12 - account.size(), '0');
    directory.apply(create(name, 1, account), ~std::uint64_t{0} >> 1);
  }
  for (const wire::Stream& stream : directory.streams()) {
    *envelope.mutable_configuration()->add_streams() = stream;
  }
  EXPECT_EQ(envelope.configuration().streams_size(), kMaxShards);
  EXPECT_NO_THROW(wire::encode(envelope));
}

}  // namespace
}  // namespace ceiling
