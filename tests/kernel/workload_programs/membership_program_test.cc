#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <csignal>
#include <memory>

#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling::testing_programs {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using wire::Status;

std::vector<std::string> names(const wire::Members& members) {
  std::vector<std::string> names;
  for (const auto& member : members.members()) names.push_back(member.name());
  return names;
}

std::string leave() {
  wire::Envelope envelope;
  envelope.mutable_leave();
  return wire::encode(envelope);
}

class MembershipProgram : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left"; }

  const std::string status_ = status_name();
};

TEST_F(MembershipProgram, ConfigurationIsVendedOnceAllBackendsAreThere) {
  auto membership = start_membership(
      {"--stream", "clicks:1", "--backends", "2", "--threads-per-peer", "3", "--status", status_});
  const std::string address = membership.address();
  const Peer early(address, wire::ROLE_FRONTEND, "frontend-1");
  auto first = start_backend("backend-1", address);
  EXPECT_EQ(wait_for_status(status_, [](const Status& s) { return s.backends() == 1; }).address(),
            address);
  EXPECT_TRUE(early.quiet());
  auto second = start_backend("backend-2", address);
  const Peer late(address, wire::ROLE_CLIENT, "client-1");
  for (const Peer* peer : {&early, &late}) {
    const auto configuration = peer->receive().configuration();
    ASSERT_EQ(configuration.streams_size(), 2);
    EXPECT_EQ(configuration.streams(0).name(), "orders");
    EXPECT_EQ(configuration.streams(0).shards(), 4U);
    EXPECT_EQ(configuration.streams(1).name(), "clicks");
    EXPECT_EQ(configuration.threads_per_peer(), 3U);
    ASSERT_EQ(configuration.backends_size(), 2);
    EXPECT_EQ(configuration.backends(0).name(), "backend-1");
    EXPECT_EQ(configuration.backends(0).address(), first.address());
    EXPECT_EQ(configuration.backends(1).address(), second.address());
  }
}

TEST_F(MembershipProgram, TheFirstVersionWaitsForTheExpectedFrontends) {
  auto membership = start_membership({"--bootstrap-expect", "2", "--status", status_});
  const std::string address = membership.address();
  const Peer client(address, wire::ROLE_CLIENT, "client-1");
  const Peer a(address, wire::ROLE_FRONTEND, "a");
  a.join_frontend("a");
  const Status before = wait_for_status(status_, [](const Status& s) { return s.members() == 1; });
  EXPECT_EQ(before.members_version(), 0U);
  EXPECT_TRUE(a.quiet());
  const Peer b(address, wire::ROLE_FRONTEND, "b");
  b.join_frontend("b");
  for (const Peer* peer : {&a, &b, &client}) {
    const auto members = peer->receive().members();
    EXPECT_EQ(members.version(), 1U);
    EXPECT_THAT(names(members), ElementsAre("a", "b"));
    EXPECT_EQ(members.members(0).peer_address(), "127.0.0.1:1");
    EXPECT_EQ(members.members(0).http_address(), "127.0.0.1:2");
  }
}

TEST_F(MembershipProgram, EveryJoinLeaveAndLossIsAVersionForAll) {
  auto membership = start_membership({"--status", status_});
  const std::string address = membership.address();
  const Peer a(address, wire::ROLE_FRONTEND, "a");
  a.join_frontend("a");
  EXPECT_EQ(a.receive().members().version(), 1U);
  {
    const Peer b(address, wire::ROLE_FRONTEND, "b");
    b.join_frontend("b");
    EXPECT_EQ(b.receive().members().version(), 2U);
    EXPECT_EQ(a.receive().members().version(), 2U);
    b.send_bytes(leave());
    const auto members = a.receive().members();
    EXPECT_EQ(members.version(), 3U);
    EXPECT_THAT(names(members), ElementsAre("a"));
  }
  {
    const Peer c(address, wire::ROLE_FRONTEND, "c");
    c.join_frontend("c");
    EXPECT_EQ(a.receive().members().version(), 4U);
  }
  const auto members = a.receive().members();
  EXPECT_EQ(members.version(), 5U);
  EXPECT_THAT(names(members), ElementsAre("a"));
  // Who comes late learns at once where things stand.
  const Peer client(address, wire::ROLE_CLIENT, "client-1");
  EXPECT_EQ(client.receive().members().version(), 5U);
}

TEST_F(MembershipProgram, ANameThatIsTakenIsRejectedAndItsHolderStays) {
  auto membership = start_membership({"--status", status_});
  const Peer a(membership.address(), wire::ROLE_FRONTEND, "a");
  a.join_frontend("a");
  a.receive();
  const Peer impostor(membership.address(), wire::ROLE_FRONTEND, "a");
  impostor.join_frontend("a");
  EXPECT_EQ(impostor.read_to_the_end(), "a is a member already");
  EXPECT_THAT(membership.wait_for_log("a is a member already"), HasSubstr("connection of a (127."));
  const Peer b(membership.address(), wire::ROLE_FRONTEND, "b");
  b.join_frontend("b");
  EXPECT_THAT(names(a.receive().members()), ElementsAre("a", "b"));
}

TEST_F(MembershipProgram, ABackendThatComesBackOwnsItsShardsInTheNextEpoch) {
  auto membership = start_membership({"--status", status_});
  const std::string address = membership.address();
  const Peer frontend(address, wire::ROLE_FRONTEND, "frontend-1");
  {
    auto backend = start_backend("backend-1", address);
    EXPECT_EQ(frontend.receive().configuration().backends(0).address(), backend.address());
    const Peer reader(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
    const auto ownership = reader.receive().ownership();
    ASSERT_EQ(ownership.leases_size(), 4);
    EXPECT_EQ(ownership.leases(3).epoch(), 1U);
  }  // killed
  wait_for_status(status_, [](const Status& s) { return s.backends() == 0; });
  auto backend = start_backend("backend-1", address);
  EXPECT_EQ(frontend.receive().configuration().backends(0).address(), backend.address());
  // The configuration is sent after the leases, but over another connection.
  backend.wait_for_log("owns 4 shards");
  const Peer reader(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  const auto ownership = reader.receive().ownership();
  ASSERT_EQ(ownership.leases_size(), 4);
  for (const auto& lease : ownership.leases()) EXPECT_EQ(lease.epoch(), 2U);
}

TEST_F(MembershipProgram, HasTheDocumentedNumberOfThreads) {
  auto membership = start_membership({"--status", status_});
  EXPECT_FALSE(membership.address().empty());
  EXPECT_EQ(membership.tasks(), static_cast<std::size_t>(wire::kMembershipTasks));
  auto backend = start_backend("backend-1", membership.address());
  const Peer frontend(membership.address(), wire::ROLE_FRONTEND, "a");
  frontend.join_frontend("a");
  frontend.receive();
  const Status status = wait_for_status(status_, [](const Status& s) { return s.backends() == 1; });
  EXPECT_EQ(status.threads(), static_cast<std::uint32_t>(wire::kMembershipTasks));
  EXPECT_EQ(membership.tasks(), static_cast<std::size_t>(wire::kMembershipTasks));
}

TEST_F(MembershipProgram, EndsCleanlyOnASignal) {
  for (const int number : {SIGTERM, SIGINT}) {
    auto membership = start_membership();
    membership.address();
    const int status = membership.end(number);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
}

TEST_F(MembershipProgram, BadUsageIsExitStatus64) {
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--stream", "orders"},
      {"--stream", "orders:0"},
      {"--stream", "orders:1", "--stream", "orders:1"},
      {"--stream", "a:9999", "--stream", "b:9999"},
      {"--stream", "orders:1", "--unknown"},
      {"--stream", "orders:1", "--backends", "0"},
      {"--stream", "orders:1", "--threads-per-peer", "many"},
      {"--stream", "orders:1", "--bootstrap-expect", "-1"},
      {"--stream", "orders:1", "--lease-ttl-ms", "1"},
      {"--stream", "orders:1", "--listen", "0.0.0.0:0"},
      {"--stream", "orders:1", "--listen", "localhost:0"},
      {"--stream", "orders:1", "--status", "fd:x"},
      {"--stream", "orders:1", "--account", "12"},
      {"--stream", "orders:1", "--account", "000000000001"},
      {"--stream", "orders:1", "--account", "000000000002", "--account", "000000000002"},
      {"--stream", "orders:1", "--shard-limits", "1", "2", "3"},
      {"--stream", "orders:1", "--shard-limits", "1", "2", "3", "-4"},
      {"--stream", "orders:1", "--name", "two words"}};
  for (const auto& arguments : wrong) {
    const int status = Program(CEILING_MEMBERSHIP, arguments).end(0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 64)
        << status << " for " << testing::PrintToString(arguments);
  }
  const int without_token = Program(CEILING_MEMBERSHIP, {"--stream", "orders:1"}, "").end(0);
  EXPECT_EQ(WEXITSTATUS(without_token), 64);
}

TEST_F(MembershipProgram, AnAddressInUseIsExitStatus69) {
  auto membership = start_membership();
  const int status = start_membership({"--listen", membership.address()}).end(0);
  EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 69) << status;
}

/// `left`: threads under a limit of its own.
void say_headroom(const Peer& peer, const std::string& name, std::uint64_t version,
                  std::uint64_t left) {
  wire::Envelope envelope;
  wire::Headroom& said = *envelope.mutable_headroom();
  said.set_version(version);
  wire::Room& room = *said.add_rooms();
  room.set_limit("pids.max");
  room.set_scope("/" + name);
  room.set_left(left);
  peer.send(envelope);
}

/// One member, version 1, of a fleet with the guardrail admission.
std::unique_ptr<Peer> only_member(const std::string& address) {
  auto member = std::make_unique<Peer>(address, wire::ROLE_FRONTEND, "frontend-1");
  EXPECT_TRUE(member->receive().has_configuration());
  say_headroom(*member, "frontend-1", 0, 9);
  member->join_frontend("frontend-1");
  EXPECT_EQ(member->receive().members().version(), 1U);
  return member;
}

TEST_F(MembershipProgram, ANewcomerWaitsUntilEveryMemberHasSaidWhatRoomItHas) {
  auto membership = start_membership({"--guardrail", "admission", "--status", status_});
  const std::string address = membership.address();
  const auto backend = start_backend("backend-1", address);
  wait_for_status(status_, [](const Status& s) { return s.backends() == 1; });
  const auto member = only_member(address);
  const Peer newcomer(address, wire::ROLE_FRONTEND, "frontend-2");
  EXPECT_TRUE(newcomer.receive().has_configuration());
  say_headroom(newcomer, "frontend-2", 0, 9);
  newcomer.join_frontend("frontend-2");
  EXPECT_TRUE(newcomer.quiet(std::chrono::milliseconds(50)));
  say_headroom(*member, "frontend-1", 1, 1);
  EXPECT_THAT(names(newcomer.receive().members()), ElementsAre("frontend-1", "frontend-2"));
}

TEST_F(MembershipProgram, AnAdditionThatCrossesAMembersCeilingLeavesTheFleetAsItIs) {
  auto membership = start_membership({"--guardrail", "admission", "--status", status_});
  const std::string address = membership.address();
  const auto backend = start_backend("backend-1", address);
  wait_for_status(status_, [](const Status& s) { return s.backends() == 1; });
  const auto member = only_member(address);
  say_headroom(*member, "frontend-1", 1, 0);
  const Peer newcomer(address, wire::ROLE_FRONTEND, "frontend-2");
  EXPECT_TRUE(newcomer.receive().has_configuration());
  say_headroom(newcomer, "frontend-2", 0, 9);
  newcomer.join_frontend("frontend-2");
  const wire::Envelope answer = newcomer.receive();
  ASSERT_TRUE(answer.has_not_admitted());
  EXPECT_EQ(answer.not_admitted().member(), "frontend-1");
  EXPECT_EQ(answer.not_admitted().room().limit(), "pids.max");
  EXPECT_EQ(answer.not_admitted().needed(), 1U);
  membership.wait_for_log(
      "frontend-2 is not admitted: under pids.max of frontend-1 (/frontend-1) 0 threads are left, "
      "it "
      "takes 1");
  EXPECT_TRUE(member->quiet());
  const Status after = wait_for_status(status_, [](const Status&) { return true; });
  EXPECT_EQ(after.members_version(), 1U);
  EXPECT_EQ(after.members(), 1U);
}

TEST_F(MembershipProgram, ANewcomerIsKeptOutWhenAMemberDoesNotSayWhatRoomItHas) {
  auto membership = start_membership(
      {"--guardrail", "admission", "--report-patience-ms", "100", "--status", status_});
  const std::string address = membership.address();
  const auto backend = start_backend("backend-1", address);
  wait_for_status(status_, [](const Status& s) { return s.backends() == 1; });
  const auto member = only_member(address);
  const Peer newcomer(address, wire::ROLE_FRONTEND, "frontend-2");
  EXPECT_TRUE(newcomer.receive().has_configuration());
  say_headroom(newcomer, "frontend-2", 0, 9);
  newcomer.join_frontend("frontend-2");
  const wire::Envelope answer = newcomer.receive();
  ASSERT_TRUE(answer.has_not_admitted());
  EXPECT_EQ(answer.not_admitted().member(), "frontend-1");
  EXPECT_FALSE(answer.not_admitted().has_room());
}

TEST_F(MembershipProgram, AMemberThatGoesIsNotWaitedFor) {
  auto membership = start_membership({"--guardrail", "admission", "--status", status_});
  const std::string address = membership.address();
  const auto backend = start_backend("backend-1", address);
  wait_for_status(status_, [](const Status& s) { return s.backends() == 1; });
  auto member = only_member(address);
  const Peer newcomer(address, wire::ROLE_FRONTEND, "frontend-2");
  EXPECT_TRUE(newcomer.receive().has_configuration());
  say_headroom(newcomer, "frontend-2", 0, 9);
  newcomer.join_frontend("frontend-2");
  EXPECT_TRUE(newcomer.quiet(std::chrono::milliseconds(50)));
  member.reset();
  EXPECT_THAT(names(newcomer.receive().members()), ElementsAre("frontend-2"));
}

TEST_F(MembershipProgram, WithoutTheGuardrailNobodyIsToldOfRoom) {
  auto membership = start_membership();
  const Peer frontend(membership.address(), wire::ROLE_FRONTEND, "frontend-1");
  say_headroom(frontend, "frontend-1", 0, 9);
  EXPECT_THAT(frontend.read_to_the_end(), HasSubstr("out of place"));
}

}  // namespace
}  // namespace ceiling::testing_programs
