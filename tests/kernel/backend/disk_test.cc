#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "tests/support/workload_programs/peer.h"
#include "tests/support/workload_programs/program.h"

namespace ceiling::testing_programs {
namespace {

namespace fs = std::filesystem;

constexpr int kExitHost = 69;

int exit_status(Program& program) {
  const int status = program.end(0);
  return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

class Disk : public testing::Test {
 protected:
  Program start(std::vector<std::string> more = {}) {
    more.insert(more.end(), {"--data", data_});
    return start_backend("backend-1", membership_address_, more);
  }
  static void await_shards(const Peer& peer) {
    while (peer.receive().ownership().leases_size() != 4) continue;
  }
  /// How many records a shard has, by reading them all.
  static int count(const Peer& peer, std::uint32_t shard) {
    int records = 0;
    wire::GetDone page;
    do {
      page = peer.get(shard, 0, page.next_sequence());
      records += page.records_size();
    } while (page.more());
    return records;
  }

  const TemporaryFolder folder_;
  std::string data_ = folder_.path() / "data";
  Program membership_ = start_membership();
  std::string membership_address_ = membership_.address();
};

TEST_F(Disk, AHeldFolderIsRefused) {
  Program first = start();
  first.address();
  Program second = start();
  EXPECT_EQ(exit_status(second), kExitHost);
  second.wait_for_log(data_ + ": held by another backend that lives: stop it, or give --data");
  EXPECT_EQ(first.end(SIGTERM), 0);
  Program third = start();
  EXPECT_FALSE(third.address().empty());
}

TEST_F(Disk, ADamagedFolderIsRefused) {
  {
    Program backend = start();
    const Peer peer(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
    await_shards(peer);
    EXPECT_EQ(peer.put(0, 1, "x").result(), wire::RESULT_OK);
  }
  std::ofstream(fs::path(data_) / "CURRENT") << "nonsense\n";
  Program again = start();
  EXPECT_EQ(exit_status(again), kExitHost);
  again.wait_for_log(data_ + ": cannot be opened: ");
  again.wait_for_log("the folder is damaged: restore it, or give --data another one");
}

TEST_F(Disk, RecordsPastTheirTimeAreDropped) {
  Program backend = start({"--retention-s", "1"});
  const Peer peer(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_shards(peer);
  for (int i = 0; i < 3; ++i) EXPECT_EQ(peer.put(0, 1, "x").result(), wire::RESULT_OK);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (count(peer, 0) != 0) ASSERT_LT(std::chrono::steady_clock::now(), deadline);
  EXPECT_EQ(peer.get(0, 0).next_sequence(), 4U);
  EXPECT_GT(peer.get(0, 0).latest_arrived_ms(), 1'700'000'000'000U);
  EXPECT_EQ(peer.put(0, 1, "y").sequence(), 4U);
}

// A write that fails: nothing of it is acknowledged, and the backend does not go on as if.
TEST_F(Disk, AFailedWriteEndsTheBackendAndIsNotAcknowledged) {
  const auto before = std::signal(SIGXFSZ, SIG_IGN);  // inherited: EFBIG instead of a signal
  Program backend = start();
  std::signal(SIGXFSZ, before);
  const Peer peer(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_shards(peer);
  EXPECT_EQ(peer.put(0, 1, "kept").result(), wire::RESULT_OK);
  const rlimit small{.rlim_cur = 64 << 10, .rlim_max = 64 << 10};
  ASSERT_EQ(::prlimit(backend.pid(), RLIMIT_FSIZE, &small, nullptr), 0);
  try {
    EXPECT_EQ(peer.put(0, 1, std::string(200 << 10, 'x')).result(), wire::RESULT_UNSPECIFIED);
  } catch (const std::system_error& gone) {
    EXPECT_EQ(gone.code(), std::errc::connection_reset);
  }
  EXPECT_EQ(exit_status(backend), kExitHost);
  backend.wait_for_log(data_ + ": cannot write: IO error");
  Program again = start();
  const Peer reader(again.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_shards(reader);
  EXPECT_EQ(reader.get(0, 0).records(0).data(), "kept");
  EXPECT_EQ(count(reader, 0), 1);
}

class FullDisk : public Disk {
 protected:
  void SetUp() override {
    if (const std::string missing = missing_privilege(); !missing.empty()) GTEST_SKIP() << missing;
    data_ = disk() / "data";
    fs::create_directory(disk());
    ASSERT_EQ(::mount("tmpfs", disk().c_str(), "tmpfs", 0, "size=80m"), 0);
  }
  void TearDown() override { ::umount2(disk().c_str(), MNT_DETACH); }
  fs::path disk() const { return folder_.path() / "disk"; }
};

TEST_F(FullDisk, PutsAreRefusedAndAllThatWasAcknowledgedStays) {
  Program backend = start();
  const Peer peer(backend.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_shards(peer);
  const std::string large(1 << 20, 'x');
  int kept = 0;
  wire::Result result = wire::RESULT_OK;
  while ((result = peer.put(0, 1, large).result()) == wire::RESULT_OK) ASSERT_LT(++kept, 80);
  EXPECT_EQ(result, wire::RESULT_FULL);
  EXPECT_GT(kept, 4);
  backend.wait_for_log("refuses puts: ");
  backend.wait_for_log("or less than 64 MiB free on the disk");
  EXPECT_EQ(count(peer, 0), kept);
  ASSERT_EQ(::mount("tmpfs", disk().c_str(), "tmpfs", MS_REMOUNT, "size=160m"), 0);
  EXPECT_EQ(peer.put(0, 1, large).result(), wire::RESULT_OK);
  backend.end(SIGKILL);
  Program again = start();
  const Peer reader(again.address(), wire::ROLE_FRONTEND, "frontend-1");
  await_shards(reader);
  EXPECT_EQ(count(reader, 0), kept + 1);
}

TEST(LeftBehind, NoChild) {
  EXPECT_EQ(::waitpid(-1, nullptr, WNOHANG), -1) << "a child was left";
}

}  // namespace
}  // namespace ceiling::testing_programs
