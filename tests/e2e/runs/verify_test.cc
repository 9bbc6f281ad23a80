#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {
namespace {

using nlohmann::json;
using testing::HasSubstr;

/// A good run, and copies of it with another history.
class VerifyTest : public CeilingTest {
 protected:
  void SetUp() override {
    CeilingTest::SetUp();
    if (IsSkipped()) return;
    file("small.yaml", small_experiment(8, 12, "outage"));
    const Ended run = run_ceiling({"run", "small.yaml", "--format", "json"});
    ASSERT_EQ(run.status, 0) << run.err << run.out;
    result_ = json::parse(run.out);
    std::istringstream history(read_text(only_run() / "history.jsonl"));
    for (std::string line; std::getline(history, line);) lines_.push_back(line);
    std::filesystem::create_directory(folder() / "changed");
    std::filesystem::copy(only_run() / "experiment.yaml", folder() / "changed");
  }

  Ended verify(const std::vector<std::string>& lines) const {
    std::string text;
    for (const std::string& line : lines) text += line + "\n";
    file("changed/history.jsonl", text);
    return run_ceiling({"verify", "changed", "--format", "json"});
  }
  std::size_t first(std::string_view event) const {
    const std::string wanted = "\"event\":\"" + std::string(event) + "\"";
    for (std::size_t i = 0; i < lines_.size(); ++i) {
      if (lines_[i].find(wanted) != std::string::npos) return i;
    }
    ADD_FAILURE() << "the history has no " << event;
    return 0;
  }

  json result_;
  std::vector<std::string> lines_;
};

TEST_F(VerifyTest, AStoredRunIsJudgedAsItWas) {
  const Ended again = run_ceiling({"verify", only_run(), "--format", "json"});
  EXPECT_EQ(again.status, 0) << again.err;
  EXPECT_EQ(json::parse(again.out), result_);
  EXPECT_EQ(schema_problems("result", again.out), "");
}

TEST_F(VerifyTest, AHistoryThatWasCutShortIsUnknown) {
  for (const std::size_t kept : {std::size_t{0}, std::size_t{1}, first("step"), first("refusal"),
                                 first("audit"), lines_.size() / 2, lines_.size() - 1}) {
    SCOPED_TRACE(kept);
    const Ended cut = verify({lines_.begin(), lines_.begin() + static_cast<std::ptrdiff_t>(kept)});
    EXPECT_EQ(cut.status, 2) << cut.err << cut.out;
    EXPECT_EQ(json::parse(cut.out)["verdict"], "unknown");
    EXPECT_EQ(schema_problems("result", cut.out), "");
  }
}

TEST_F(VerifyTest, ADamagedLineIsNamed) {
  const std::size_t damaged = first("routable");
  lines_[damaged].resize(lines_[damaged].size() / 2);
  const Ended found = verify(lines_);
  EXPECT_EQ(found.status, 2) << found.err << found.out;
  EXPECT_THAT(json::parse(found.out)["damage"].dump(),
              HasSubstr("line " + std::to_string(damaged + 1) + ":"));
}

TEST_F(VerifyTest, AFrontendThatDisagreesWithTheKernelIsRefuted) {
  json refusal = json::parse(lines_[first("refusal")]);
  refusal["tasks"] = refusal["tasks"].get<int>() - 1;
  lines_[first("refusal")] = refusal.dump();
  const Ended found = verify(lines_);
  EXPECT_EQ(found.status, 1) << found.out;
  EXPECT_THAT(json::parse(found.out)["arms"][0]["reasons"].dump(),
              HasSubstr(refusal["frontend"].get<std::string>() + " reports 7 tasks"));
}

TEST_F(VerifyTest, ARecordThatTheAuditDoesNotListIsLost) {
  std::size_t last_audited = 0;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].find("\"kind\":\"audit\"") != std::string::npos) last_audited = i;
  }
  ASSERT_GT(last_audited, 0U);
  const std::string key = json::parse(lines_[last_audited])["key"];
  lines_.erase(lines_.begin() + static_cast<std::ptrdiff_t>(last_audited));
  json audit = json::parse(lines_[first("audit")]);
  audit["records"] = audit["records"].get<int>() - 1;
  lines_[first("audit")] = audit.dump();
  const Ended found = verify(lines_);
  EXPECT_EQ(found.status, 1) << found.out;
  EXPECT_THAT(json::parse(found.out)["arms"][0]["reasons"].dump(),
              testing::AllOf(HasSubstr("no-lost-records"), HasSubstr(key)));
}

TEST_F(VerifyTest, AFailureAtAnotherSizeIsRefuted) {
  // The same run, as if it had been told to fail somewhere else.
  const std::string experiment = read_text(folder() / "changed/experiment.yaml");
  const std::size_t at = experiment.find("pids.max: 8");
  ASSERT_NE(at, std::string::npos) << experiment;
  file("changed/experiment.yaml", std::string(experiment).replace(at, 11, "pids.max: 9"));
  const Ended found = verify(lines_);
  EXPECT_EQ(found.status, 1) << found.out;
  EXPECT_THAT(json::parse(found.out)["arms"][0]["reasons"].dump(),
              HasSubstr("fleet size: predicted 8, observed 7"));
}

TEST_F(VerifyTest, AFolderThatIsNoRunIsRefused) {
  for (const char* none : {".", "nowhere", "small.yaml"}) {
    const Ended found = run_ceiling({"verify", none});
    EXPECT_EQ(found.status, 64) << found.err;
    EXPECT_THAT(found.err, testing::ContainsRegex("(experiment.yaml|history.jsonl): No"));
  }
}

}  // namespace
}  // namespace ceiling
