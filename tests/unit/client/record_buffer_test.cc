#include "workload/client/record_buffer.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ceiling {
namespace {

using Policy = RecordBuffer::Policy;

TEST(RecordBuffer, GivesTheOldestFirstAndKeepsItsPlaceUntilItIsStored) {
  RecordBuffer buffer(Policy::grow, 0);
  EXPECT_EQ(buffer.take(), std::nullopt);
  buffer.add("a");
  buffer.add("b");
  EXPECT_EQ(buffer.take(), "a");
  EXPECT_EQ(buffer.take(), "b");
  EXPECT_EQ(buffer.take(), std::nullopt);
  EXPECT_EQ(buffer.size(), 2U);
  EXPECT_EQ(buffer.under_way(), 2U);
  buffer.stored();
  EXPECT_EQ(buffer.size(), 1U);
}

TEST(RecordBuffer, OfABoundedOneAllButOneMayBeUnderWay) {
  RecordBuffer buffer(Policy::drop_oldest, 3);
  for (const char* record : {"a", "b", "c"}) buffer.add(record);
  EXPECT_EQ(buffer.take(), "a");
  EXPECT_EQ(buffer.take(), "b");
  EXPECT_EQ(buffer.take(), std::nullopt);
  buffer.add("d");
  EXPECT_EQ(buffer.dropped(), 1U) << "c";
  buffer.stored();
  EXPECT_EQ(buffer.take(), "d");
}

TEST(RecordBuffer, WhatCouldNotBePutIsTheOldestAgain) {
  RecordBuffer buffer(Policy::block, 3);
  buffer.add("a");
  buffer.add("b");
  buffer.give_back(*buffer.take());
  EXPECT_EQ(buffer.size(), 2U);
  EXPECT_EQ(buffer.take(), "a");
}

TEST(RecordBuffer, ABlockingOneTakesNothingWhileItIsFullAndLosesNothing) {
  RecordBuffer buffer(Policy::block, 2);
  EXPECT_TRUE(buffer.add("a"));
  EXPECT_TRUE(buffer.add("b"));
  EXPECT_FALSE(buffer.add("c"));
  buffer.take();
  EXPECT_FALSE(buffer.add("c")) << "nobody knows yet whether it was stored";
  buffer.stored();
  EXPECT_TRUE(buffer.add("c"));
  EXPECT_EQ(buffer.size(), 2U);
  EXPECT_EQ(buffer.dropped(), 0U);
}

TEST(RecordBuffer, AnUnboundedOneTakesEverything) {
  RecordBuffer buffer(Policy::grow, 0);
  for (int i = 0; i < 10'000; ++i) ASSERT_TRUE(buffer.add("x"));
  EXPECT_EQ(buffer.size(), 10'000U);
  EXPECT_EQ(buffer.dropped(), 0U);
}

TEST(RecordBuffer, DropOldestKeepsTheNewestAndCountsTheRest) {
  RecordBuffer buffer(Policy::drop_oldest, 3);
  for (const char* record : {"a", "b", "c", "d", "e"}) EXPECT_TRUE(buffer.add(record));
  EXPECT_EQ(buffer.size(), 3U);
  EXPECT_EQ(buffer.dropped(), 2U);
  EXPECT_EQ(buffer.take(), "c");
}

TEST(RecordBuffer, WhatIsBeingPutIsNotDropped) {
  RecordBuffer buffer(Policy::drop_oldest, 2);
  buffer.add("a");
  buffer.add("b");
  const auto taken = buffer.take();
  EXPECT_TRUE(buffer.add("c"));
  EXPECT_EQ(buffer.size(), 2U);
  EXPECT_EQ(buffer.dropped(), 1U) << "b";
  buffer.give_back(*taken);
  EXPECT_EQ(buffer.take(), "a");
  buffer.stored();
  EXPECT_EQ(buffer.take(), "c");
}

TEST(RecordBuffer, ABoundedOneHasRoomForTwo) {
  EXPECT_THROW(RecordBuffer(Policy::block, 1), std::invalid_argument);
  EXPECT_THROW(RecordBuffer(Policy::drop_oldest, 0), std::invalid_argument);
}

}  // namespace
}  // namespace ceiling
