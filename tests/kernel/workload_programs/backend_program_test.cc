#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>

#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"
#include "workload/protocol/thread_accounting.h"

namespace ceiling::testing_programs {
namespace {

using std::chrono::milliseconds;
using wire::Status;

class BackendProgram : public testing::Test {
 protected:
  void TearDown() override { EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left"; }

  // A frontend's connection, past the first ownership of four shards.
  static void await_ownership(const Peer& peer, int shards) {
    while (peer.receive().ownership().leases_size() != shards) continue;
  }

  const std::string status_ = status_name();
};

TEST_F(BackendProgram, RecordsArePutAndReadBackInOrder) {
  auto membership = start_membership();
  auto backend = start_backend("backend-1", membership.address(), {"--status", status_});
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  for (std::uint64_t sequence = 1; sequence <= 3; ++sequence) {
    const auto done = frontend.put(2, 1, "record " + std::to_string(sequence));
    EXPECT_EQ(done.id(), 102U);
    EXPECT_EQ(done.result(), wire::RESULT_OK);
    EXPECT_EQ(done.sequence(), sequence);
  }
  EXPECT_EQ(frontend.put(3, 1, "elsewhere").sequence(), 1U);
  const Peer client(backend.address(), wire::ROLE_CLIENT, "client-1");
  await_ownership(client, 4);
  for (const std::uint64_t epoch : {0U, 1U}) {
    const auto done = client.get(2, epoch, 2);
    EXPECT_EQ(done.id(), 202U);
    EXPECT_EQ(done.result(), wire::RESULT_OK);
    ASSERT_EQ(done.records_size(), 2);
    EXPECT_EQ(done.records(0).sequence(), 2U);
    EXPECT_EQ(done.records(0).partition_key(), "key");
    EXPECT_EQ(done.records(0).data(), "record 2");
    EXPECT_EQ(done.records(1).data(), "record 3");
    EXPECT_EQ(done.next_sequence(), 4U);
    EXPECT_FALSE(done.more());
  }
  const Status status = wait_for_status(status_, [](const Status&) { return true; });
  EXPECT_EQ(status.name(), "backend-1");
  EXPECT_EQ(status.role(), wire::ROLE_BACKEND);
  EXPECT_EQ(status.records(), 4U);
  EXPECT_EQ(status.shards_owned(), 4U);
  EXPECT_EQ(status.address(), backend.address());
}

TEST_F(BackendProgram, AReaderMayStartAtTheEndOrAtATime) {
  auto membership = start_membership();
  auto backend = start_backend("backend-1", membership.address());
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  frontend.put(0, 1, "first");
  const std::uint64_t first_ms = frontend.get(0, 1).latest_arrived_ms();
  std::uint64_t last_ms = first_ms;
  while (last_ms == first_ms) {  // until the clock has gone on
    frontend.put(0, 1, "later");
    last_ms = frontend.get(0, 1, ~std::uint64_t{0}).latest_arrived_ms();
  }
  const auto latest = frontend.get(0, 1, ~std::uint64_t{0});
  EXPECT_EQ(latest.records_size(), 0);
  wire::Envelope envelope;
  wire::Get& get = *envelope.mutable_get();
  get.set_stream("orders");
  get.set_epoch(1);
  get.set_from_arrived_ms(last_ms);
  frontend.send(envelope);
  const auto from = frontend.receive().get_done();
  ASSERT_EQ(from.records_size(), 1);
  EXPECT_EQ(from.records(0).arrived_ms(), last_ms);
  EXPECT_EQ(from.records(0).sequence() + 1, latest.next_sequence());
  EXPECT_EQ(from.latest_arrived_ms(), last_ms);
}

TEST_F(BackendProgram, RecordsAreKeptWhenItIsStartedAgain) {
  auto membership = start_membership();
  const TemporaryFolder folder;
  const std::vector<std::string> data = {"--data", folder.path() / "data"};
  const std::string address = membership.address();
  std::uint64_t life = 0;
  for (const int number : {SIGTERM, SIGKILL}) {
    auto backend = start_backend("backend-1", address, data);
    const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
    await_ownership(frontend, 4);
    ++life;  // and the epoch of its leases
    EXPECT_EQ(frontend.put(0, life, "kept").sequence(), life);
    backend.end(number);
  }
  auto backend = start_backend("backend-1", address, data);
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  EXPECT_EQ(frontend.get(0, 0).records_size(), 2);
}

TEST_F(BackendProgram, WhatItDoesNotOwnItRefusesAndStoresNothing) {
  auto membership = start_membership({"--backends", "2"});
  auto backend = start_backend("backend-1", membership.address());
  auto other = start_backend("backend-2", membership.address());
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 2);
  // Another backend's shard, and one that does not exist.
  for (const std::uint32_t shard : {1U, 4U}) {
    const auto put = frontend.put(shard, 1, "x");
    EXPECT_EQ(put.result(), wire::RESULT_NOT_OWNER);
    EXPECT_EQ(put.sequence(), 0U);
    EXPECT_EQ(put.epoch(), 0U);
    EXPECT_EQ(frontend.get(shard, 0).result(), wire::RESULT_NOT_OWNER);
  }
  // Our own shard by a route of another time.
  for (const std::uint64_t epoch : {0U, 2U}) {
    const auto put = frontend.put(0, epoch, "x");
    EXPECT_EQ(put.result(), wire::RESULT_NOT_OWNER);
    EXPECT_EQ(put.epoch(), 1U);
  }
  const auto get = frontend.get(0, 2);
  EXPECT_EQ(get.result(), wire::RESULT_NOT_OWNER);
  EXPECT_EQ(get.epoch(), 1U);
  EXPECT_EQ(frontend.get(0, 1).records_size(), 0);
}

TEST_F(BackendProgram, AFullStoreAndATooLargeRecordAreRefusedByName) {
  auto membership = start_membership();
  auto backend = start_backend("backend-1", membership.address(), {"--max-bytes", "3000000"});
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  EXPECT_EQ(frontend.put(0, 1, std::string(3 << 20, 'x')).result(), wire::RESULT_TOO_LARGE);
  EXPECT_EQ(frontend.put(0, 1, std::string(2'000'000, 'x')).result(), wire::RESULT_OK);
  EXPECT_EQ(frontend.put(1, 1, std::string(1'000'000, 'x')).result(), wire::RESULT_FULL);
  EXPECT_EQ(frontend.put(0, 1, "small").sequence(), 2U);
  EXPECT_EQ(frontend.get(0, 1).records(0).data().size(), 2'000'000U);
}

TEST_F(BackendProgram, LeasesAreRenewedForAsLongAsMembershipIsThere) {
  auto membership = start_membership({"--lease-ttl-ms", "200"});
  auto backend = start_backend("backend-1", membership.address());
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  EXPECT_TRUE(frontend.quiet(milliseconds(700)));
  EXPECT_EQ(frontend.put(0, 1, "x").result(), wire::RESULT_OK);
}

TEST_F(BackendProgram, WithoutMembershipItServesToTheEndOfItsLeaseAndComesBackByItself) {
  auto membership = start_membership({"--lease-ttl-ms", "500"});
  const std::string address = membership.address();
  auto backend = start_backend("backend-1", address);
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  EXPECT_EQ(frontend.put(0, 1, "before").sequence(), 1U);
  membership.end(SIGKILL);
  backend.wait_for_log("membership closed the connection");
  EXPECT_EQ(frontend.get(0, 1).result(), wire::RESULT_OK);
  await_ownership(frontend, 0);
  EXPECT_EQ(frontend.put(0, 1, "ownerless").result(), wire::RESULT_NOT_OWNER);
  EXPECT_EQ(frontend.get(0, 0).result(), wire::RESULT_NOT_OWNER);

  auto again = start_membership({"--listen", address});
  await_ownership(frontend, 4);
  // A sequence number is never given twice.
  EXPECT_EQ(frontend.put(0, 1, "after").sequence(), 2U);
  EXPECT_EQ(frontend.get(0, 1).records(0).data(), "before");
}

// A stopped membership keeps its connections: only the lease tells.
TEST_F(BackendProgram, AMembershipThatFallsSilentEndsTheLeaseToo) {
  auto membership = start_membership({"--lease-ttl-ms", "300"});
  auto backend = start_backend("backend-1", membership.address());
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  membership.signal(SIGSTOP);
  await_ownership(frontend, 0);
  EXPECT_EQ(frontend.put(0, 1, "x").result(), wire::RESULT_NOT_OWNER);
  membership.signal(SIGCONT);
  await_ownership(frontend, 4);
  EXPECT_EQ(frontend.put(0, 1, "x").result(), wire::RESULT_OK);
}

// A backend that was stopped reads what it was sent meanwhile: it must not look fresh.
TEST_F(BackendProgram, AGrantThatItDidNotAskForGivesNoMoreTime) {
  const int listening = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in here{};
  here.sin_family = AF_INET;
  here.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof here;
  ASSERT_EQ(::bind(listening, reinterpret_cast<const sockaddr*>(&here), sizeof here), 0);
  ASSERT_EQ(::listen(listening, 1), 0);
  ASSERT_EQ(::getsockname(listening, reinterpret_cast<sockaddr*>(&here), &length), 0);
  auto backend = start_backend("backend-1", "127.0.0.1:" + std::to_string(ntohs(here.sin_port)));
  const Peer membership(::accept4(listening, nullptr, nullptr, SOCK_CLOEXEC));
  ::close(listening);
  EXPECT_TRUE(membership.receive().has_hello());
  EXPECT_TRUE(membership.receive().has_join());
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  EXPECT_EQ(frontend.receive().ownership().leases_size(), 0);
  wire::Envelope grant;
  grant.mutable_leases()->set_ttl_ms(600);
  grant.mutable_leases()->add_leases()->set_stream("orders");
  membership.send(grant);
  EXPECT_EQ(frontend.receive().ownership().leases_size(), 1);
  EXPECT_EQ(membership.receive().renew_leases().id(), 1U);
  grant.mutable_leases()->set_renewal(1);
  membership.send(grant);  // the answer: 600 ms from when it was asked for
  EXPECT_EQ(membership.receive().renew_leases().id(), 2U);
  grant.mutable_leases()->set_renewal(0);
  grant.mutable_leases()->add_leases()->set_stream("clicks");
  membership.send(grant);
  EXPECT_EQ(frontend.receive().ownership().leases_size(), 2);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(4);
  while (frontend.quiet(milliseconds(20))) {
    membership.send(grant);
    ASSERT_LT(std::chrono::steady_clock::now(), deadline) << "they keep it alive";
  }
  EXPECT_EQ(frontend.receive().ownership().leases_size(), 0);
}

TEST_F(BackendProgram, ItMayBeStartedBeforeMembership) {
  auto first = start_membership();
  const std::string address = first.address();
  first.end(SIGKILL);
  auto backend = start_backend("backend-1", address);
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  EXPECT_EQ(frontend.receive().ownership().leases_size(), 0);
  EXPECT_EQ(frontend.put(0, 1, "x").result(), wire::RESULT_NOT_OWNER);
  backend.wait_for_log("Connection refused");
  auto second = start_membership({"--listen", address});
  await_ownership(frontend, 4);
}

TEST_F(BackendProgram, HasTheDocumentedNumberOfThreads) {
  auto membership = start_membership();
  auto backend = start_backend("backend-1", membership.address(), {"--status", status_});
  EXPECT_FALSE(backend.address().empty());
  EXPECT_EQ(backend.tasks(), static_cast<std::size_t>(wire::kBackendTasks));
  const Peer frontend(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_ownership(frontend, 4);
  frontend.put(0, 1, "x");
  frontend.get(0, 1);
  EXPECT_EQ(backend.tasks(), static_cast<std::size_t>(wire::kBackendTasks));
  EXPECT_EQ(wait_for_status(status_, [](const Status&) { return true; }).threads(),
            static_cast<std::uint32_t>(wire::kBackendTasks));
}

TEST_F(BackendProgram, EndsCleanlyOnASignalAndBadUsageIsExitStatus64) {
  auto membership = start_membership();
  for (const int number : {SIGTERM, SIGINT}) {
    auto backend = start_backend("backend-1", membership.address());
    backend.address();
    const int status = backend.end(number);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << status;
  }
  const std::vector<std::vector<std::string>> wrong = {
      {},
      {"--data", "unused", "--membership", "localhost:1"},
      {"--data", "unused", "--membership", "10.0.0.1:1"},
      {"--membership", "127.0.0.1:1"},
      {"--data", "unused", "--membership", "127.0.0.1:1", "--max-bytes", "0"},
      {"--data", "unused", "--membership", "127.0.0.1:1", "--max-bytes", "lots"},
      {"--data", "unused", "--membership", "127.0.0.1:1", "--retention-s", "0"},
      {"--data", "unused", "--membership", "127.0.0.1:1", "--listen", "0.0.0.0:0"},
      {"--data", "unused", "--membership", "127.0.0.1:1", "surplus"}};
  for (const auto& arguments : wrong) {
    const int status = Program(CEILING_BACKEND, arguments).end(0);
    EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 64)
        << status << " for " << testing::PrintToString(arguments);
  }
}

}  // namespace
}  // namespace ceiling::testing_programs
