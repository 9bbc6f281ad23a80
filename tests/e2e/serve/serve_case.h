#pragma once

#include <gmock/gmock.h>

#include <chrono>
#include <csignal>
#include <string>
#include <utility>
#include <vector>

#include "tests/support/e2e/ceiling.h"

namespace ceiling {

/// A fleet of three frontends to be served, whose seventh is one too many; arms `unguarded`,
/// `staged` and `kept`.
class ServeCase : public CeilingTest {
 protected:
  void SetUp() override {
    CeilingTest::SetUp();
    if (IsSkipped()) return;
    file("small.yaml",
         "experiment: small\n"
         "fleet: {start: 3, end: 9, step: 2}\n"
         "backends: 2\n"
         "streams: [{name: orders, shards: 4}]\n"
         "clients: [{kind: canary, rate_per_s: 50}]\n"
         "limits: {pids.max: 8}\n"
         "arms:\n"
         "  - {name: unguarded, expect: outage, recovery: {strategy: all-at-once}}\n"
         "  - {name: staged, guardrails: [staged-build], expect: contained}\n"
         "  - {name: kept, guardrails: [admission], expect: prevented}\n");
  }

  /// Returns when it has said where it serves.
  Running serve(const std::vector<std::string>& more = {}) const {
    std::vector<std::string> call = {"serve", "small.yaml"};
    call.insert(call.end(), more.begin(), more.end());
    Running serving = start_ceiling(call);
    wait_for(serving, "serving arm ");
    EXPECT_FALSE(serving.ended()) << serving.out() << serving.err();
    return serving;
  }
  static void wait_for(const Running& serving, const std::string& said) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (serving.out().find(said) == std::string::npos && !serving.ended() &&
           std::chrono::steady_clock::now() < until) {
      serving.ended(std::chrono::milliseconds(5));
    }
    EXPECT_THAT(serving.out(), testing::HasSubstr(said)) << serving.err();
  }
  Ended order(std::vector<std::string> words, const How& how = {}) const {
    words.insert(words.begin(), "serve");
    return run_ceiling(words, how);
  }
  static Ended end(Running serving, int signal = SIGINT) {
    serving.signal(signal);
    return serving.wait();
  }
  /// Of the only arm of the only run.
  nlohmann::json arm() const {
    return nlohmann::json::parse(read_text(only_run() / "result.json"))["arms"][0];
  }
};

}  // namespace ceiling
