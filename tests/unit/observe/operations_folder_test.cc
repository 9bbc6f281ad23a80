#include "harness/observe/operations_folder.h"

#include <fcntl.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/spawn/support.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

namespace fs = std::filesystem;

class OperationsFolderTest : public testing::Test {
 protected:
  fs::path operations() const { return folder_.path() / "operations"; }
  void SetUp() override { fs::create_directory(operations()); }
  void write(const std::string& name, std::string_view text) const {
    std::ofstream(operations() / name) << text;
  }
  /// What a history has of the folder.
  History take() const {
    const fs::path file = folder_.path() / "history.jsonl";
    fs::remove(file);
    Recorder recorder(Descriptor(::open(file.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600)));
    OperationsFolder(Descriptor(::open(operations().c_str(), O_RDONLY | O_DIRECTORY)))
        .take_into(recorder);
    std::stringstream text;
    text << std::ifstream(file).rdbuf();
    const ParsedHistory parsed = parse_history(text.str());
    EXPECT_THAT(parsed.damage, IsEmpty());
    return parsed.events;
  }
  /// Of the only file, which is not taken.
  std::string refusal() const {
    const History history = take();
    EXPECT_EQ(history.size(), 1U);
    const auto& event = std::get<ClientEvent>(history.at(0).what);
    EXPECT_EQ(event.operations, 0);
    return event.client + ": " + event.damage.at(0);
  }

  TemporaryFolder folder_;
};

std::string put(int id, double at_s) {
  const std::string head = R"({"at_s":)" + std::to_string(at_s) + R"(,"id":)" + std::to_string(id);
  return head + R"(,"phase":"invoke","kind":"put","stream":"mine","key":"k"})" + "\n" + head +
         R"(,"phase":"ok","shard":0,"sequence":)" + std::to_string(id) + "}\n";
}

TEST_F(OperationsFolderTest, EveryClientIsTakenInUnderItsName) {
  const double now =
      std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
  write("boto3.jsonl", put(1, now) + put(2, now - 1e9));
  write("java.jsonl", put(1, now + 1e9));
  const History history = take();
  ASSERT_EQ(history.size(), 8U);
  const auto& first = std::get<OpEvent>(history[1].what);
  EXPECT_EQ(first.client, "boto3");
  EXPECT_EQ(first.phase, OpPhase::ok);
  EXPECT_EQ(first.sequence, 1U);
  const auto& taken = std::get<ClientEvent>(history[4].what);
  EXPECT_EQ(taken.client, "boto3");
  EXPECT_EQ(taken.operations, 4);
  EXPECT_THAT(taken.damage, IsEmpty());
  EXPECT_EQ(std::get<OpEvent>(history[5].what).client, "java");
  EXPECT_EQ(std::get<ClientEvent>(history[7].what).operations, 2);
  for (const Event& event : history) {
    EXPECT_GE(event.t_s, 0) << "a client's clock does not lead out of the run";
    EXPECT_LT(event.t_s, 60);
  }
}

TEST_F(OperationsFolderTest, ABadLineIsNamedAndTheOthersAreTaken) {
  write("boto3.jsonl", put(1, 1) + "garbage\n" + put(1, 1) + put(2, 1));
  const auto event = std::get<ClientEvent>(take().back().what);
  EXPECT_EQ(event.operations, 4);
  EXPECT_THAT(event.damage,
              ElementsAre("line 3: not JSON, or cut short", "line 4: operation 1 has begun before",
                          "line 5: operation 1 has ended before"));
}

TEST_F(OperationsFolderTest, OfManyBadLinesTheFirstAreNamed) {
  std::string text;
  for (int i = 0; i < 1000; ++i) text += "garbage\n";
  write("boto3.jsonl", text);
  const auto event = std::get<ClientEvent>(take().back().what);
  EXPECT_EQ(event.damage.size(), 11U);
  EXPECT_EQ(event.damage.back(), "990 more lines");
}

TEST_F(OperationsFolderTest, ALineThatIsStillBeingWrittenIsNotThereYet) {
  write("boto3.jsonl", put(1, 1) + R"({"at_s":1,"id":2,"pha)");
  const auto event = std::get<ClientEvent>(take().back().what);
  EXPECT_EQ(event.operations, 2);
  EXPECT_THAT(event.damage, IsEmpty());
}

TEST_F(OperationsFolderTest, AnEmptyFolderSaysNothing) {
  EXPECT_TRUE(take().empty());
}

TEST_F(OperationsFolderTest, NoLinkIsFollowed) {
  std::ofstream(folder_.path() / "secret") << put(1, 1);
  fs::create_symlink(folder_.path() / "secret", operations() / "boto3.jsonl");
  EXPECT_EQ(refusal(), "boto3.jsonl: is a symbolic link, expected a file");
  fs::remove(operations() / "boto3.jsonl");
  fs::create_hard_link(folder_.path() / "secret", operations() / "boto3.jsonl");
  EXPECT_EQ(refusal(), "boto3.jsonl: has several names (hard links), expected one");
}

TEST_F(OperationsFolderTest, NothingButAFileIsRead) {
  ASSERT_EQ(::mkfifo((operations() / "pipe.jsonl").c_str(), 0600), 0);
  EXPECT_EQ(refusal(), "pipe.jsonl: is no regular file");
  fs::remove(operations() / "pipe.jsonl");
  fs::create_directory(operations() / "folder.jsonl");
  EXPECT_EQ(refusal(), "folder.jsonl: is no regular file");
}

TEST_F(OperationsFolderTest, AFileOfAnotherNameIsSaid) {
  const std::string expected =
      ": expected NAME.jsonl, NAME of at most 64 letters, digits, _, - and .";
  for (const std::string& name : {std::string("boto3.json"), std::string(".jsonl"),
                                  std::string("a b.jsonl"), std::string(65, 'a') + ".jsonl"}) {
    write(name, put(1, 1));
    EXPECT_EQ(refusal(), name + expected);
    fs::remove(operations() / name);
  }
}

TEST_F(OperationsFolderTest, AFileThatIsTooLargeIsNotRead) {
  write("boto3.jsonl", "");
  fs::resize_file(operations() / "boto3.jsonl", (64 << 20) + 1);  // a hole: costs nothing
  EXPECT_EQ(refusal(), "boto3.jsonl: has 67108865 bytes, expected at most 67108864");
}

TEST_F(OperationsFolderTest, TooManyFilesAreNotAllRead) {
  for (int i = 1000; i < 1201; ++i) write(std::to_string(i) + ".jsonl", put(1, 1));
  const History history = take();
  EXPECT_EQ(history.size(), 3U * 200 + 1);
  const auto& last = std::get<ClientEvent>(history.back().what);
  EXPECT_EQ(last.client, "1200.jsonl");
  EXPECT_THAT(last.damage, ElementsAre("and what follows it: expected at most 200 files"));
}

}  // namespace
}  // namespace ceiling
