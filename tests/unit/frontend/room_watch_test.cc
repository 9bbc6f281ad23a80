#include "workload/frontend/room_watch.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

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
            true, percent, [this](int) { return rooms; },
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

// A frontend that multiplexes would else be kept from descriptors by threads that it never makes.
TEST(RoomWatch, ALimitThatLeavesAllThreadsThatAreToComeIsNone) {
  Watched one(75);
  one.rooms = {room(12, 16, 4), room(90, 120, 15)};
  one.rooms[1].set_limit("RLIMIT_NOFILE");
  one.watch.read(1, 0, 5);
  EXPECT_EQ(one.watch.headroom().rooms_size(), 2);
  one.watch.read(2, 0, 4);
  ASSERT_EQ(one.watch.headroom().rooms_size(), 1);
  EXPECT_EQ(one.watch.headroom().rooms(0).limit(), "RLIMIT_NOFILE");
  one.watch.read(3, 0, 0);
  EXPECT_EQ(one.watch.headroom().rooms_size(), 1);
}

// One more or less would keep out a server that fits, or let in one that does not.
TEST(RoomWatch, CountsItsDescriptorsButNotThoseOfTheReading) {
  rlimit files{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &files), 0);
  const rlimit few{100, files.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &few), 0);
  std::uint64_t open = 0;
  for (int number = 0; number < 4096; ++number) open += ::fcntl(number, F_GETFD) >= 0 ? 1 : 0;
  for (const int lent : {0, 3}) {
    bool found = false;
    for (const wire::Room& room : own_rooms()(lent)) {
      if (room.limit() != "RLIMIT_NOFILE") continue;
      found = true;
      EXPECT_EQ(room.used(), open + static_cast<std::uint64_t>(lent));
      EXPECT_EQ(room.left(), (100 - room.used()) / 2);
    }
    EXPECT_TRUE(found);
  }
  ::setrlimit(RLIMIT_NOFILE, &files);
}

TEST(RoomWatch, WithoutAGuardrailNothingIsRead) {
  EXPECT_FALSE(RoomWatch(
                   false, 0, [](int) { return std::vector<wire::Room>(); }, nullptr)
                   .on());
}

TEST(RoomWatch, WhatCannotBeReadIsSaidAndLeavesNoRoom) {
  std::string said;
  RoomWatch watch(
      true, 75, [](int) -> std::vector<wire::Room> { throw std::runtime_error("no /proc"); },
      [&said](const std::string& text) { said = text; });
  watch.read(3);
  EXPECT_EQ(watch.headroom().version(), 3U);
  EXPECT_EQ(watch.headroom().rooms_size(), 0);
  EXPECT_EQ(said, "cannot read the room under its limits: no /proc");
}

TEST(RoomWatch, ReadsItsOwnProcess) {
  const auto rooms = own_rooms()(0);
  ASSERT_FALSE(rooms.empty());
  for (std::size_t i = 1; i < rooms.size(); ++i) EXPECT_LE(rooms[i - 1].left(), rooms[i].left());
}

}  // namespace
}  // namespace ceiling::frontend
