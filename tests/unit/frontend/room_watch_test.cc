#include "workload/frontend/room_watch.h"

#include <gtest/gtest.h>

#include <stdexcept>

namespace ceiling::frontend {
namespace {

wire::Room room(std::uint64_t used, std::uint64_t value, std::uint64_t left) {
  wire::Room room;
  room.set_limit("pids.max");
  room.set_scope("/a");
  room.set_used(used);
  room.set_value(value);
  room.set_left(left);
  return room;
}

/// A watch over rooms that a test sets.
struct Watched {
  std::vector<wire::Room> rooms;
  std::string said;
  RoomWatch watch;
  explicit Watched(int percent)
      : watch(
            true, percent, [this] { return rooms; },
            [this](const std::string& text) { said += text; }) {}
};

TEST(RoomWatch, RaisesItsAlarmAtTheShareAndNotBefore) {
  Watched one(75);
  one.rooms = {room(11, 16, 5)};
  one.watch.read(9);
  EXPECT_FALSE(one.watch.alarm());
  one.rooms = {room(12, 16, 4)};
  one.watch.read(10);
  ASSERT_TRUE(one.watch.alarm());
  EXPECT_EQ(one.watch.alarm()->version(), 10U);
  EXPECT_EQ(one.watch.alarm()->room().used(), 12U);
  EXPECT_EQ(one.said, "alarm: 12 of 16 are used under pids.max (/a), 4 threads are left");
}

TEST(RoomWatch, AnAlarmThatWasRaisedStays) {
  Watched one(50);
  one.rooms = {room(8, 16, 8)};
  one.watch.read(5);
  one.rooms = {room(2, 16, 14)};
  one.watch.read(6);
  ASSERT_TRUE(one.watch.alarm());
  EXPECT_EQ(one.watch.alarm()->version(), 5U);
}

TEST(RoomWatch, GoesByTheLimitThatBinds) {
  Watched one(75);
  one.rooms = {room(10, 20, 10), room(99, 100, 1000)};
  one.watch.read(1);
  EXPECT_FALSE(one.watch.alarm());
}

TEST(RoomWatch, WithoutAGuardrailNothingIsRead) {
  EXPECT_FALSE(RoomWatch(
                   false, 0, [] { return std::vector<wire::Room>(); }, nullptr)
                   .on());
}

TEST(RoomWatch, WhatCannotBeReadIsSaidAndLeavesNoRoom) {
  std::string said;
  RoomWatch watch(
      true, 75, []() -> std::vector<wire::Room> { throw std::runtime_error("no /proc"); },
      [&said](const std::string& text) { said = text; });
  watch.read(3);
  EXPECT_EQ(watch.headroom().version(), 3U);
  EXPECT_EQ(watch.headroom().rooms_size(), 0);
  EXPECT_EQ(said, "cannot read the room under its limits: no /proc");
}

TEST(RoomWatch, ReadsItsOwnProcess) {
  const auto rooms = own_rooms()();
  ASSERT_FALSE(rooms.empty());
  for (std::size_t i = 1; i < rooms.size(); ++i) EXPECT_LE(rooms[i - 1].left(), rooms[i].left());
}

}  // namespace
}  // namespace ceiling::frontend
