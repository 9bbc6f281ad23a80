#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <random>

#include "tests/e2e/inject/inject_case.h"

namespace ceiling {
namespace {

/// A tree of creations, and by itself, without the program's code, what becomes of it.
struct Tree {
  char step = 't';  // as tree_testee has it
  std::vector<Tree> inside;

  std::string plan() const {
    std::string text(1, step);
    if (inside.empty()) return text;
    text += '(';
    for (const Tree& one : inside) text += one.plan();
    return text + ')';
  }
};

struct Options {
  std::string form;  // "", "--at", "--after", "--every"
  unsigned number = 0;
  unsigned times = 0;  // 0: as often as it comes
  std::string kind = "any";

  std::vector<std::string> arguments() const {
    std::vector<std::string> all{"--kind", kind};
    if (!form.empty()) all.insert(all.end(), {form, std::to_string(number)});
    if (times != 0) all.insert(all.end(), {"--times", std::to_string(times)});
    return all;
  }
};

/// What the program says, "+" or "-" a creation, in its order.
class Model {
 public:
  explicit Model(const Options& options) : options_(options) {}

  std::string walk(const std::vector<Tree>& trees) {
    for (const Tree& tree : trees) {
      if (refused(tree.step == 't' ? "thread" : "process")) {
        said_ += '-';
        continue;
      }
      said_ += '+';
      walk(tree.inside);
    }
    return said_;
  }

 private:
  bool refused(const std::string& kind) {
    if (options_.kind != "any" && options_.kind != kind) return false;
    const unsigned n = ++count_;
    const bool hit = (options_.form == "--at" && n == options_.number) ||
                     (options_.form == "--after" && n > options_.number) ||
                     (options_.form == "--every" && n % options_.number == 0);
    if (!hit || (options_.times != 0 && hits_ == options_.times)) return false;
    ++hits_;
    return true;
  }

  Options options_;
  unsigned count_ = 0;
  unsigned hits_ = 0;
  std::string said_;
};

class Draw {
 public:
  explicit Draw(unsigned seed) : random_(seed) {}
  unsigned upto(unsigned most) { return std::uniform_int_distribution<unsigned>(0, most)(random_); }

  std::vector<Tree> trees(int depth) {
    std::vector<Tree> all(1 + upto(3));
    for (Tree& tree : all) {
      tree.step = "tpcv"[upto(3)];
      if (tree.step != 'v' && depth > 0 && upto(2) != 0) tree.inside = trees(depth - 1);
    }
    return all;
  }

  Options options() {
    static const char* const kForms[] = {"", "--at", "--after", "--every"};
    static const char* const kKinds[] = {"any", "any", "thread", "process"};
    Options options;
    options.form = kForms[upto(3)];
    options.number = 1 + upto(9);
    options.times = options.form.empty() || upto(2) != 0 ? 0 : 1 + upto(2);
    options.kind = kKinds[upto(3)];
    return options;
  }

 private:
  std::mt19937 random_;
};

std::string plan_of(const std::vector<Tree>& trees) {
  std::string plan;
  for (const Tree& tree : trees) plan += tree.plan();
  return plan;
}

using TreesTest = InjectTest;

TEST_F(TreesTest, AHundredOfAnyShapeAreRefusedAsTheirPlanSays) {
  const unsigned seed = std::random_device{}();
  RecordProperty("seed", std::to_string(seed));
  for (unsigned i = 0; i < 100; ++i) {
    Draw draw(seed + i);
    const std::vector<Tree> trees = draw.trees(3);
    const Options options = draw.options();
    const std::string expected = Model(options).walk(trees);
    const Ended ended =
        inject(with_summary(options.arguments()), {tree_testee(draw.upto(3) == 0), plan_of(trees)});
    const std::string what = fmt::format(
        "seed {}: {} {}", seed + i,
        fmt::format("{}", options.form + " " + std::to_string(options.number)), plan_of(trees));
    ASSERT_EQ(ended.status, 0) << what << ended.err;
    ASSERT_EQ(ended.out, expected) << what;
    const auto said = summary();
    ASSERT_EQ(said.at("seen"), expected.size()) << what;
    ASSERT_EQ(said.at("refused"), std::count(expected.begin(), expected.end(), '-')) << what;
    std::string listed;
    for (const auto& one : said.at("creations")) listed += one.at("refused") ? '-' : '+';
    ASSERT_EQ(listed, expected) << what;
  }
}

TEST_F(TreesTest, EveryCreationIsTold) {
  const Ended ended = inject(with_summary({"--at", "3"}), {tree_testee(), "tp(t)vt"});
  EXPECT_EQ(ended.out, "++-++");
  const auto said = summary();
  EXPECT_EQ(schema_problems("inject", said.dump()), "");
  EXPECT_EQ(said.at("status"), 0);
  EXPECT_EQ(said.at("choice").at("errno"), "EAGAIN");
  std::string kinds;
  double last = 0;
  for (const auto& one : said.at("creations")) {
    kinds += one.at("kind") == "thread" ? 't' : 'p';
    EXPECT_EQ(one.at("name"), "tree_testee");
    EXPECT_GE(one.at("t_s"), last);
    last = one.at("t_s");
  }
  EXPECT_EQ(kinds, "tptpt");
  const auto& creations = said.at("creations");
  EXPECT_EQ(creations[0].at("pid"), creations[1].at("pid"));
  EXPECT_NE(creations[2].at("pid"), creations[1].at("pid")) << "asked by the process that was made";
  EXPECT_EQ(said.at("by_process").size(), 2U);
  EXPECT_THAT(ended.err, testing::HasSubstr("inject: 5 creations, 1 of them refused with EAGAIN"));
}

TEST_F(TreesTest, ADaemonBelongsToTheTreeAndIsWaitedFor) {
  const Ended ended = inject(with_summary({"--at", "4"}), {tree_testee(), "d(tt)"});
  EXPECT_EQ(ended.out, "+++-");
  EXPECT_EQ(summary().at("seen"), 4);
}

TEST_F(TreesTest, AProgramMayHaveAFilterOfItsOwn) {
  EXPECT_EQ(inject({"--at", "2"}, {tree_testee(), "stp(st)t"}).out, "+-+");
}

TEST_F(TreesTest, AnErrnoOfOnesChoice) {
  const Ended ended = inject({"--at", "1", "--kind", "process", "--errno", "ENOMEM"},
                             {"/usr/bin/python3", "-c", "import os; os.fork()"});
  EXPECT_THAT(ended.err, testing::HasSubstr("[Errno 12] Cannot allocate memory"));
}

TEST_F(TreesTest, ADelayHoldsTheChosenOneAlone) {
  const Ended ended = inject(with_summary({"--at", "2", "--errno", "none", "--delay", "0.3"}),
                             {tree_testee(), "ttt"});
  EXPECT_EQ(ended.out, "+++");
  const auto said = summary();
  EXPECT_EQ(said.at("refused"), 0);
  const auto& creations = said.at("creations");
  EXPECT_GE(creations[2].at("t_s").get<double>() - creations[1].at("t_s").get<double>(), 0.3);
}

TEST_F(TreesTest, TheSameSeedRefusesTheSame) {
  const std::string plan(60, 't');
  const auto once = [&](const char* seed) {
    return inject({"--probability", "0.5", "--seed", seed}, {tree_testee(), plan}).out;
  };
  const std::string said = once("3");
  EXPECT_EQ(once("3"), said);
  EXPECT_NE(once("4"), said);
  EXPECT_NE(said.find('+'), std::string::npos);
  EXPECT_NE(said.find('-'), std::string::npos);
}

TEST_F(TreesTest, LimitsOfTheKernelApplyAsEver) {
  // Root is not held to RLIMIT_NPROC; a stack that does not fit is refused before it asks.
  const Ended ended = inject(with_summary({}), {"sh", "-c",
                                                "ulimit -v 200000; exec /usr/bin/python3 -c '"
                                                "import threading\n"
                                                "threading.stack_size(1 << 30)\n"
                                                "threading.Thread(target=print).start()'"});
  EXPECT_THAT(ended.err, testing::HasSubstr("can't start new thread"));
  EXPECT_EQ(summary().at("refused"), 0);
}

}  // namespace
}  // namespace ceiling
