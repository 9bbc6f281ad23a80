#include "tests/e2e/random_limits/random_run.h"

#include <fmt/format.h>

#include <chrono>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <random>
#include <sstream>
#include <string>

namespace ceiling {

using nlohmann::json;

namespace {

std::string text_of(const std::filesystem::path& file) {
  std::ostringstream text;
  text << std::ifstream(file).rdbuf();
  return text.str();
}

std::string summary(const json& arm) {
  if (!arm.is_object()) return "no result,";
  const json& predicted = arm.at("predicted");
  const json& observed = arm.at("observed");
  return fmt::format("predicted {} of {}, observed {} of {}, {} failed, {},",
                     predicted.at("fleet_size").dump(), predicted.at("threads").dump(),
                     observed.at("fleet_size").dump(), observed.at("threads").dump(),
                     observed.at("frontends_failed").dump(), arm.at("verdict").get<std::string>());
}

}  // namespace

unsigned seed() {
  static const unsigned chosen = [] {
    const char* given = std::getenv("CEILING_SEED");
    return given != nullptr ? static_cast<unsigned>(std::strtoul(given, nullptr, 10))
                            : std::random_device()();
  }();
  return chosen;
}

void RandomLimits::SetUp() {
  if (const std::string missing = missing_privilege(); !missing.empty()) {
    GTEST_SKIP() << missing;
  }
}

Random RandomLimits::random(LimitScope scope) const {
  std::seed_seq sequence{seed(), static_cast<unsigned>(scope), static_cast<unsigned>(GetParam())};
  return Random(sequence);
}

json RandomLimits::run(const RandomCase& one) {
  std::ofstream(folder_.path() / "random.yaml") << one.yaml();
  const std::string command = fmt::format(
      "{0} run {1}/random.yaml --quiet --format json --results {1}/results"
      " > {1}/result.json 2> {1}/stderr",
      CEILING_PROGRAM, folder_.path().string());
  const auto start = std::chrono::steady_clock::now();
  status_ = std::system(command.c_str());
  const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
  const json result = json::parse(text_of(folder_.path() / "result.json"), nullptr, false);
  const json arm = result.is_object() ? result.at("arms").at(0) : json();
  fmt::print("seed {} case {:2}: {}: {} {:.1f} s\n", seed(), GetParam(), one.describe(),
             summary(arm), elapsed.count());
  return arm;
}

void RandomLimits::expect_confirmed(const RandomCase& one, const json& arm,
                                    const char* error) const {
  ASSERT_TRUE(arm.is_object()) << "no result";
  EXPECT_EQ(status_, 0);
  EXPECT_EQ(arm.at("verdict"), "confirmed");
  const json& predicted = arm.at("predicted");
  const json& observed = arm.at("observed");
  EXPECT_TRUE(predicted.at("fleet_size").is_number());
  EXPECT_EQ(predicted.at("scope"), std::string(to_string(one.scope)));
  EXPECT_EQ(predicted.at("limit"), std::string(to_string(one.limit)));
  for (const char* key : {"fleet_size", "threads", "limit"}) {
    EXPECT_EQ(observed.at(key), predicted.at(key)) << key;
  }
  EXPECT_EQ(observed.at("errno"), error);
}

void RandomLimits::TearDown() {
  if (HasFailure()) {
    ADD_FAILURE() << "the experiment:\n"
                  << text_of(folder_.path() / "random.yaml") << "stderr:\n"
                  << text_of(folder_.path() / "stderr") << "result:\n"
                  << text_of(folder_.path() / "result.json");
  }
}

}  // namespace ceiling
