#include <fmt/format.h>
#include <gmock/gmock.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <filesystem>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;
using testing::AllOf;
using testing::HasSubstr;
using testing::IsEmpty;

/// Whatever is refused must be refused before anything is created.
class BadInputTest : public CeilingTest {
 protected:
  void refused(const std::vector<std::string>& call, const std::vector<std::string>& said,
               const How& how = {}) const {
    SCOPED_TRACE(testing::PrintToString(call));
    const auto before = entries();
    const Ended ended = run_ceiling(call, how);
    EXPECT_EQ(ended.status, 64) << ended.err << ended.out;
    EXPECT_EQ(ended.out, "");
    for (const std::string& part : said) EXPECT_THAT(ended.err, HasSubstr(part));
    EXPECT_EQ(entries(), before);
    EXPECT_EQ(leftovers(), "");
  }
  std::vector<fs::path> entries() const {
    std::vector<fs::path> found;
    for (const auto& entry : fs::recursive_directory_iterator(folder())) found.push_back(entry);
    std::sort(found.begin(), found.end());
    return found;
  }
};

struct Mistake {
  std::string name;
  std::string right;  ///< a part of kGood
  std::string wrong;  ///< in its place
  std::string said;
};

constexpr const char* kGood =
    "experiment: small\n"
    "fleet: {start: 3, end: 8}\n"
    "streams: [{name: orders, shards: 4}]\n"
    "limits: {pids.max: 8}\n"
    "arms:\n"
    "  - {name: one, expect: outage}\n"
    "  - {name: two, expect: any}\n";

void PrintTo(const Mistake& mistake, std::ostream* out) {
  *out << mistake.wrong;
}

const std::vector<Mistake> kMistakes = {
    {"MistypedKey", "shards: 4", "shard: 4",
     "bad.yaml:3:26: streams.orders: found the unknown key \"shard\", nearest known key: shards"},
    {"MistypedLimit", "pids.max: 8", "pid.max: 8",
     "bad.yaml:4:10: limits: found the unknown key \"pid.max\", nearest known key: pids.max"},
    {"UnknownTopKey", "experiment: small\n", "experiment: small\nfrontends: 3\n",
     "bad.yaml:2:1: found the unknown key \"frontends\", nearest known key: "},
    {"TextForANumber", "start: 3", "start: three",
     "bad.yaml:2:16: fleet.start: found \"three\", expected an integer from 1 to 10000"},
    {"FractionForANumber", "start: 3", "start: 3.5", "bad.yaml:2:16: fleet.start: found \"3.5\""},
    {"QuotedNumber", "end: 8", "end: \"8\"", "bad.yaml:2:24: fleet.end: found \"8\""},
    {"ListForAMap", "{start: 3, end: 8}", "[3, 8]",
     "bad.yaml:2:8: fleet: found a list, expected a map"},
    {"NegativeSize", "end: 8", "end: -8",
     "bad.yaml:2:24: fleet.end: found -8, expected an integer"},
    {"AbsurdSize", "end: 8", "end: 99999999999999999999",
     "bad.yaml:2:24: fleet.end: found 99999999999999999999, expected an integer from 1 to 10000"},
    {"ZeroShards", "shards: 4", "shards: 0", "bad.yaml:3:34: streams.orders.shards: found 0"},
    {"NegativeLimit", "pids.max: 8", "pids.max: -1", "bad.yaml:4:20: limits.pids.max: found -1"},
    {"EndBelowStart", "end: 8", "end: 2",
     "bad.yaml:2:24: fleet.end: found an end of 2 below the start of 3"},
    {"DuplicateArms", "name: two", "name: one",
     "bad.yaml:7:12: arms.one.name: found \"one\" again, expected another name than in line 6"},
    {"UnknownOutcome", "expect: outage", "expect: outtage",
     "bad.yaml:6:25: arms.one.expect: found \"outtage\""},
    {"UnknownGuardrail", "expect: any", "guardrails: [staged]",
     "bad.yaml:7:30: arms.two.guardrails: found \"staged\", expected one of: staged-build"},
    {"NoYaml", "fleet: {", "fleet: {[", "bad.yaml:"},
    {"LimitBelowTheStart", "pids.max: 8", "pids.max: 4", "bad.yaml"},
};

class MistakeTest : public BadInputTest, public testing::WithParamInterface<Mistake> {};

TEST_P(MistakeTest, IsNamedByPlaceAndNothingIsCreated) {
  const Mistake& mistake = GetParam();
  std::string text = kGood;
  text.replace(text.find(mistake.right), mistake.right.size(), mistake.wrong);
  file("bad.yaml", text);
  for (const char* verb : {"run", "predict"}) refused({verb, "bad.yaml"}, {mistake.said});
}

INSTANTIATE_TEST_SUITE_P(Mistakes, MistakeTest, testing::ValuesIn(kMistakes),
                         [](const auto& of) { return of.param.name; });

TEST_F(BadInputTest, TheGoodFileIsGood) {
  file("good.yaml", kGood);
  EXPECT_EQ(run_ceiling({"predict", "good.yaml"}).status, 0);
}

TEST_F(BadInputTest, EveryFindingIsSaidAtOnce) {
  file("bad.yaml",
       "experiment: small\n"
       "fleet: {start: 3, end: two}\n"
       "streams: [{name: orders, shard: 4}]\n"
       "limits: {pids.max: -1}\n"
       "arms: [{name: one}, {name: one}]\n");
  refused({"run", "bad.yaml"},
          {"bad.yaml:2:24: ", "bad.yaml:3:26: ", "bad.yaml:4:20: ", "bad.yaml:5:28: "});
}

TEST_F(BadInputTest, FilesThatAreNoExperiment) {
  ASSERT_EQ(::mkfifo((folder() / "fifo").c_str(), 0600), 0);
  fs::create_directory(folder() / "directory");
  file("large.yaml", "experiment: large\n");
  fs::resize_file(folder() / "large.yaml", 100'000'000);
  file("binary.yaml", std::string("\x7f"
                                  "ELF\0\1\2\xff\xfe",
                                  9));
  file("empty.yaml", "");
  refused({"run", "missing.yaml"}, {"missing.yaml: No such file or directory"});
  refused({"run", "fifo"}, {"fifo: found no regular file"});
  refused({"run", "directory"}, {"directory: found no regular file"});
  refused({"run", "large.yaml"}, {"large.yaml: found more than 1048576 bytes"});
  refused({"run", "binary.yaml"}, {"binary.yaml:"});
  refused({"run", "empty.yaml"}, {"empty.yaml:"});
  refused({"run", "/dev/zero"}, {"/dev/zero: found no regular file"});
}

TEST_F(BadInputTest, AFileThatMayNotBeReadIsNamed) {
  const std::string secret = file("secret.yaml", kGood);
  fs::permissions(secret, fs::perms(0));
  How as_nobody;
  as_nobody.before_exec = [] { return ::setresuid(65534, 65534, 65534) == 0; };
  refused({"predict", "secret.yaml"}, {"secret.yaml: Permission denied"}, as_nobody);
}

TEST_F(BadInputTest, OverridesAreCheckedAsTheFileIs) {
  file("good.yaml", kGood);
  refused({"run", "good.yaml", "--set", "limits.pids.mux=9"},
          {"--set limits.pids.mux: found the unknown key", "nearest known key: pids.max"});
  refused({"run", "good.yaml", "--set", "fleet.end=1", "--set", "limits.pids.max=0"},
          {"--set fleet.end: ", "--set limits.pids.max: "});
  refused({"run", "good.yaml", "--set", "limits.pids.max"}, {"expected key=value"});
  refused({"run", "good.yaml", "--set", "arms.three.expect=any"}, {"expected one of: one, two"});
}

TEST_F(BadInputTest, AWrongCallIsRefused) {
  file("good.yaml", kGood);
  refused({}, {"subcommand"});
  refused({"rum", "good.yaml"},
          {"there is no verb \"rum\"",
           "check, predict, run, serve, inject, find, verify, report, doctor, clean"});
  refused({"run"}, {"EXPERIMENT"});
  refused({"run", "good.yaml", "--resluts", "x"}, {"--resluts"});
  refused({"run", "good.yaml", "second.yaml"}, {"second.yaml"});
  refused({"run", "good.yaml", "--format", "xml"}, {"--format", "xml"});
  refused({"run", "good.yaml", "--set"}, {"--set"});
  refused({"clean", "everything"}, {"everything"});
}

TEST_F(BadInputTest, AResultsFolderThatCannotBeMade) {
  const std::string good = file("good.yaml", kGood);
  file("taken", "a file");
  fs::create_directory(folder() / "real");
  fs::create_directory_symlink(folder() / "real", folder() / "link");
  refused({"run", good, "--results", "taken"}, {"taken", "Not a directory"});
  refused({"run", good, "--results", "link"}, {"link"});
  refused({"run", good, "--results", "/proc/results"}, {"/proc/results"});
  refused({"run", good, "--results", "no/such/parent"}, {"no/such/parent", "No such file"});
  const fs::path sealed = folder() / "sealed";
  fs::create_directory(sealed);
  How read_only;
  read_only.before_exec = [&sealed] {
    return ::unshare(CLONE_NEWNS) == 0 &&
           ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0 &&
           ::mount("none", sealed.c_str(), "tmpfs", MS_RDONLY, nullptr) == 0;
  };
  refused({"run", good, "--results", "sealed"}, {"sealed", "Read-only file system"}, read_only);
}

}  // namespace
}  // namespace ceiling
