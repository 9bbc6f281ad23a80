#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <functional>

#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling::testing_programs {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string frame(const std::function<void(wire::Envelope&)>& fill) {
  wire::Envelope envelope;
  fill(envelope);
  return wire::encode(envelope);
}

std::string hello(const std::string& token) {
  return frame([&](wire::Envelope& envelope) {
    envelope.mutable_hello()->set_token(token);
    envelope.mutable_hello()->set_role(wire::ROLE_FRONTEND);
    envelope.mutable_hello()->set_name("frontend-7");
  });
}

struct Bad {
  const char* name;
  std::string bytes;
  const char* logged;
  bool told = false;  ///< the reason is said to the sender too
};

void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.name;
}

const std::string kSlice = frame([](wire::Envelope& e) { e.mutable_slice()->set_version(1); });

const std::vector<Bad> kBad = {
    {"Garbage", "GET / HTTP/1.1\r\n\r\n", "not a frame of this protocol"},
    {"WrongVersion", "CL\0\2\0\0\0\1x"s, "protocol version 2, expected 1"},
    {"FourGigabytes", "CL\0\1\xff\xff\xff\xff"s, "message of 4294967295 bytes, at most 4194304"},
    {"CutHeader", "CL\0"s, "cut inside a header"},
    {"CutBody", "CL\0\1\0\0\0\x64 only this"s, "cut after 10 of 100 bytes"},
    {"NoMessage", "CL\0\1\0\0\0\4\xff\xff\xff\xff"s, "4 bytes that are no message", true},
    {"EmptyMessage", "CL\0\1\0\0\0\0"s, "empty message", true},
    {"WrongToken", hello("another token"), "hello with a wrong token", true},
    {"NoToken", hello(""), "hello with a wrong token", true},
    {"NoHello", kSlice, "the first message is not hello", true},
    {"OutOfPlace", hello(kToken) + kSlice, "message 21 is out of place", true},
    {"HelloTwice", hello(kToken) + hello(kToken), "message 1 is out of place", true},
};

class BadInput : public testing::TestWithParam<Bad> {
 protected:
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left"; }

  // Sends it, and sees that the program closes the connection, says why, and counts it.
  void feed(Program& program, int tasks) const {
    const Peer bad(program.address());
    bad.send_bytes(GetParam().bytes);
    bad.cut();
    const std::string reason = bad.read_to_the_end();
    EXPECT_EQ(reason, GetParam().told ? GetParam().logged : "");
    const std::string log = program.wait_for_log(GetParam().logged);
    EXPECT_THAT(log, HasSubstr("closed: "s + GetParam().logged));
    EXPECT_EQ(wait_for_status(status_, [](const auto&) { return true; }).protocol_errors(), 1U);
    EXPECT_EQ(program.tasks(), static_cast<std::size_t>(tasks));
  }

  const std::string status_ = status_name();
};

TEST_P(BadInput, ClosesOneConnectionOfMembershipAndNothingElse) {
  auto membership = start_membership({"--status", status_});
  const Peer backend(membership.address(), wire::ROLE_BACKEND, "backend-1");
  backend.join_backend("backend-1", "127.0.0.1:4000");
  EXPECT_EQ(backend.receive().leases().leases_size(), 4);
  EXPECT_TRUE(backend.receive().has_configuration());
  const Peer frontend(membership.address(), wire::ROLE_FRONTEND, "frontend-1");
  frontend.join_frontend("frontend-1");
  EXPECT_TRUE(frontend.receive().has_configuration());
  EXPECT_EQ(frontend.receive().members().version(), 1U);
  feed(membership, wire::kMembershipTasks);
  EXPECT_EQ(backend.renew().leases_size(), 4);
  EXPECT_TRUE(frontend.quiet());
}

TEST_P(BadInput, ClosesOneConnectionOfABackendAndNothingElse) {
  auto membership = start_membership();
  auto backend = start_backend("backend-1", membership.address(), {"--status", status_});
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  while (frontend.receive().ownership().leases_size() != 4) continue;
  EXPECT_EQ(frontend.put(0, 1, "x").sequence(), 1U);
  feed(backend, wire::kBackendTasks);
  EXPECT_EQ(frontend.put(0, 1, "y").sequence(), 2U);
}

INSTANTIATE_TEST_SUITE_P(Of, BadInput, testing::ValuesIn(kBad),
                         [](const auto& bad) { return std::string(bad.param.name); });

TEST(BadJoins, AreRejectedWithTheReason) {
  auto membership = start_membership();
  const std::string address = membership.address();
  const Peer frontend(address, wire::ROLE_FRONTEND, "a");
  frontend.join_backend("a", "127.0.0.1:1");
  EXPECT_EQ(frontend.read_to_the_end(), "a join that does not fit the role");
  const Peer other_name(address, wire::ROLE_FRONTEND, "a");
  other_name.join_frontend("b");
  EXPECT_EQ(other_name.read_to_the_end(), "a join under another name than hello");
  const Peer nobody(address, wire::ROLE_UNSPECIFIED, "a");
  EXPECT_EQ(nobody.read_to_the_end(), "hello without a role");
  const Peer far_away(address, wire::ROLE_BACKEND, "a");
  far_away.join_backend("a", "10.0.0.1:80");
  EXPECT_THAT(far_away.read_to_the_end(), HasSubstr("not a loopback address"));
}

TEST(BadHellos, OnlyFrontendsAndClientsReachRecords) {
  auto membership = start_membership();
  auto backend = start_backend("backend-1", membership.address());
  const Peer other(backend.address(), wire::ROLE_BACKEND, "backend-2");
  EXPECT_EQ(other.read_to_the_end(), "only frontends, cache servers and clients are served");
  const Peer lines(backend.address(), wire::ROLE_CLIENT, "two\nlines");
  EXPECT_EQ(lines.read_to_the_end(), "hello with a bad name");
}

}  // namespace
}  // namespace ceiling::testing_programs
