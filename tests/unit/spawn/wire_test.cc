// The messages between harness and launcher: what one end says is what the other hears.
#include "harness/spawn/wire.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cgroups/error.h"

namespace ceiling {
namespace {

using testing::ElementsAre;

Packet delivered(const EncodedRequest& request) {
  Packet packet{request.bytes, {}};
  for (const int number : request.descriptors) {
    packet.descriptors.emplace_back(::fcntl(number, F_DUPFD_CLOEXEC, 0));
  }
  return packet;
}

TEST(Wire, RequestArrivesWhole) {
  ProcessSpec spec;
  spec.name = "frontend-3";
  spec.program = "/bin/program";
  spec.arguments = {"a", ""};
  spec.environment = {{"B", "\xff"}};
  spec.join = {0, 1};
  spec.uid = 4'000'000'000;
  spec.rlimits = {{RLIMIT_NPROC, RLIM_INFINITY}};
  spec.descriptors = {{9, 2}};
  spec.confined = false;
  const Request request = decode_request(delivered(encode_request(spec)));
  EXPECT_TRUE(request.complete);
  EXPECT_EQ(request.name, "frontend-3");
  EXPECT_EQ(request.plan.program, "/bin/program");
  EXPECT_THAT(request.plan.arguments, ElementsAre("a", ""));
  EXPECT_EQ(request.plan.environment, spec.environment);
  EXPECT_EQ(request.plan.join.size(), 2U);
  EXPECT_EQ(request.plan.uid, 4'000'000'000);
  EXPECT_EQ(request.plan.rlimits, spec.rlimits);
  ASSERT_EQ(request.plan.descriptors.size(), 1U);
  EXPECT_EQ(request.plan.descriptors[0].first, 9);
  EXPECT_FALSE(request.plan.confined);
  spec.uid.reset();
  EXPECT_EQ(decode_request(delivered(encode_request(spec))).plan.uid, std::nullopt);
}

// A launcher at its RLIMIT_NOFILE receives fewer: it must not mistake one descriptor for another.
TEST(Wire, MissingDescriptorIsNoticed) {
  ProcessSpec spec;
  spec.join = {0};
  spec.descriptors = {{3, 1}};
  Packet packet = delivered(encode_request(spec));
  packet.descriptors.pop_back();
  const Request request = decode_request(std::move(packet));
  EXPECT_FALSE(request.complete);
  EXPECT_TRUE(request.plan.join.empty());
}

TEST(Wire, MalformedMessageIsRefused) {
  EXPECT_THROW(decode_request({"garbage", {}}), Error);
  EXPECT_THROW(decode_request({encode_reply({1, Step::exec, 0}), {}}), Error);
  EXPECT_THROW(decode_reply(""), Error);
  EXPECT_THROW(decode_exit(encode_reply({1, Step::exec, 0})), Error);
}

TEST(Wire, RepliesAndExitsArriveWhole) {
  const Started started = decode_reply(encode_reply({-1, Step::rlimit, EPERM}));
  EXPECT_EQ(started.pid, -1);
  EXPECT_EQ(started.step, Step::rlimit);
  EXPECT_EQ(started.error, EPERM);
  const Exit exit = decode_exit(encode_exit({12, "name", 256}));
  EXPECT_EQ(exit.pid, 12);
  EXPECT_EQ(exit.name, "name");
  EXPECT_EQ(exit.status, 256);
}

TEST(SpawnError, SaysProcessStepAndReason) {
  const SpawnError error("frontend-3", "join group", ENODEV);
  EXPECT_STREQ(error.what(), "frontend-3: join group: No such device");
}

}  // namespace
}  // namespace ceiling
