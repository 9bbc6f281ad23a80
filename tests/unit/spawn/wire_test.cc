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
  const auto& plan = std::get<ChildPlan>(request.plan);
  EXPECT_EQ(plan.program, "/bin/program");
  EXPECT_THAT(plan.arguments, ElementsAre("a", ""));
  EXPECT_EQ(plan.environment, spec.environment);
  EXPECT_EQ(plan.join.size(), 2U);
  EXPECT_EQ(plan.uid, 4'000'000'000);
  EXPECT_EQ(plan.rlimits, spec.rlimits);
  ASSERT_EQ(plan.descriptors.size(), 1U);
  EXPECT_EQ(plan.descriptors[0].first, 9);
  EXPECT_FALSE(plan.confined);
  spec.uid.reset();
  EXPECT_FALSE(plan.pid_namespace);
  EXPECT_FALSE(plan.surroundings);
  spec.surroundings = {.folder = "/x y", .umask = 027, .gid = 7, .groups = {8, 9}};
  spec.pid_namespace = 1;
  const Request other = decode_request(delivered(encode_request(spec)));
  EXPECT_EQ(std::get<ChildPlan>(other.plan).uid, std::nullopt);
  const Surroundings around = std::get<ChildPlan>(other.plan).surroundings.value();
  EXPECT_EQ(around.folder, "/x y");
  EXPECT_EQ(around.umask, 027U);
  EXPECT_EQ(around.gid, 7U);
  EXPECT_THAT(around.groups, ElementsAre(8, 9));
  EXPECT_TRUE(std::get<ChildPlan>(other.plan).pid_namespace);
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
  EXPECT_TRUE(std::get<ChildPlan>(request.plan).join.empty());
}

TEST(Wire, NamespaceArrivesWhole) {
  const EncodedRequest request{encode_namespace("inside", 2, 301), {0, 1}};
  const Request whole = decode_request(delivered(request));
  EXPECT_TRUE(whole.complete);
  EXPECT_EQ(whole.name, "inside");
  EXPECT_EQ(std::get<NamespacePlan>(whole.plan).pid_max, 301);
  EXPECT_EQ(std::get<NamespacePlan>(whole.plan).join.size(), 2U);
  Packet packet = delivered(request);
  packet.descriptors.pop_back();
  EXPECT_FALSE(decode_request(std::move(packet)).complete);
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
