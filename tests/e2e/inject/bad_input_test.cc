#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fstream>

#include "tests/e2e/inject/inject_case.h"

namespace ceiling {
namespace {

using testing::HasSubstr;

struct Bad {
  std::vector<std::string> options;
  std::string said;
};

class BadInjectInput : public InjectTest, public testing::WithParamInterface<Bad> {};

TEST_P(BadInjectInput, IsRefusedBeforeAnythingRuns) {
  const Bad& bad = GetParam();
  const Ended ended = inject(bad.options, {"sh", "-c", "echo ran"});
  EXPECT_EQ(ended.status, 64) << ended.err;
  EXPECT_EQ(ended.out, "");
  EXPECT_THAT(ended.err, HasSubstr(bad.said));
}

std::vector<Bad> numbers() {
  std::vector<Bad> all;
  for (const char* option : {"--at", "--every", "--times"}) {
    for (const char* text : {"0", "-1", "1.5", "x", "", "1x", "18446744073709551616", "0x"}) {
      std::vector<std::string> options{option, text};
      if (std::string(option) == "--times") options.insert(options.end(), {"--after", "1"});
      all.push_back({options, option});
    }
  }
  for (const char* text : {"-1", "1.5", "x", "", "18446744073709551616"}) {
    all.push_back({{"--after", text}, "--after"});
  }
  for (const char* text : {"-0.1", "1.1", "x", "", "nan"}) {
    all.push_back({{"--probability", text}, "--probability"});
  }
  for (const char* text : {"-1", "x", "1.5"}) {
    all.push_back({{"--probability", "0.5", "--seed", text}, "--seed"});
  }
  for (const char* text : {"-1", "x", "3601", "nan"}) {
    all.push_back({{"--at", "1", "--delay", text}, "--delay"});
  }
  for (const char* text : {"EAGIAN", "11", "eagain", "", "0", "NONE"}) {
    all.push_back({{"--at", "1", "--errno", text}, "--errno"});
  }
  for (const char* text : {"threads", "", "THREAD", "both"}) {
    all.push_back({{"--at", "1", "--kind", text}, "--kind"});
  }
  return all;
}

std::vector<Bad> combinations() {
  const std::vector<std::vector<std::string>> forms = {
      {"--at", "1"}, {"--after", "1"}, {"--every", "2"}, {"--probability", "0.5"}};
  std::vector<Bad> all;
  for (const auto& one : forms) {
    for (const auto& other : forms) {
      if (&one == &other) continue;
      std::vector<std::string> both = one;
      both.insert(both.end(), other.begin(), other.end());
      all.push_back({both, "at most 1"});
    }
    std::vector<std::string> pointless = one;
    pointless.insert(pointless.end(), {"--errno", "none"});
    all.push_back({pointless, "--errno none refuses nothing: expected --delay with it"});
  }
  all.push_back({{"--times", "2"}, "--times and --delay go with"});
  all.push_back({{"--delay", "1"}, "--times and --delay go with"});
  all.push_back({{"--summary", "/no/such/folder/file"}, "--summary"});
  all.push_back({{"--summary", "/"}, "--summary"});
  all.push_back({{"--frobnicate"}, "--frobnicate"});
  return all;
}

INSTANTIATE_TEST_SUITE_P(Numbers, BadInjectInput, testing::ValuesIn(numbers()));
INSTANTIATE_TEST_SUITE_P(Combinations, BadInjectInput, testing::ValuesIn(combinations()));

TEST_F(InjectTest, ASummaryDoesNotReplaceWhatIsNoFile) {
  const std::filesystem::path pipe = folder() / "pipe";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const Descriptor reading(::open(pipe.c_str(), O_RDWR | O_NONBLOCK | O_CLOEXEC));
  EXPECT_EQ(inject({"--quiet", "--summary", pipe}, {"sh", "-c", "exit 3"}).status, 3);
  std::string text(1 << 16, '\0');
  const ssize_t got = ::read(reading.get(), text.data(), text.size());
  ASSERT_GT(got, 0);
  text.resize(static_cast<std::size_t>(got));
  EXPECT_EQ(nlohmann::json::parse(text).at("status"), 3);
  EXPECT_TRUE(std::filesystem::is_fifo(pipe));

  // A link, so that a defect here does no harm to the host.
  const std::filesystem::path full = folder() / "full";
  std::filesystem::create_symlink("/dev/full", full);
  const Ended unwritten = inject({"--quiet", "--summary", full}, {"true"});
  EXPECT_THAT(unwritten.err, testing::StartsWith("ceiling: cannot write " + full.native() +
                                                 ": No space left on device\n"));
  EXPECT_EQ(unwritten.status, 125);
  EXPECT_TRUE(std::filesystem::is_symlink(full));

  const std::filesystem::path link = folder() / "link";
  std::ofstream(folder() / "file") << "mine";
  std::filesystem::create_symlink("file", link);
  const Ended refused = inject({"--summary", link}, {"true"});
  EXPECT_EQ(refused.err,
            "ceiling: --summary " + link.native() + ": found a link, expected the file itself\n");
  EXPECT_EQ(refused.status, 64);
  EXPECT_TRUE(std::filesystem::is_symlink(link));
}

TEST_F(InjectTest, WithoutACommandItIsBadUsage) {
  const Ended ended = Running({"inject"}, folder(), {}).wait();
  EXPECT_EQ(ended.status, 64);
  EXPECT_THAT(ended.err, HasSubstr("COMMAND"));
}

}  // namespace
}  // namespace ceiling
