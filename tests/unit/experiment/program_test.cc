#include "harness/experiment/program.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "harness/experiment/experiment.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

std::string problems(const std::string& text) {
  try {
    parse_program(text, "p.yaml");
  } catch (const BadInput& wrong) {
    return wrong.what();
  }
  return "";
}

TEST(Program, IsReadWhole) {
  const KnownProgram read = parse_program(
      "program: p\ncommand: [sh, -c, 'exec it', 4]\nuser: nobody\nbefore: mkdir x\nready_tcp: 80\n"
      "probe: |\n  one\n  two\n",
      "p.yaml");
  EXPECT_EQ(read.name, "p");
  EXPECT_THAT(read.command, ElementsAre("sh", "-c", "exec it", "4"));
  EXPECT_EQ(read.user, "nobody");
  EXPECT_EQ(read.before, "mkdir x");
  EXPECT_EQ(read.ready_tcp, 80);
  EXPECT_EQ(read.probe, "one\ntwo\n");
  EXPECT_EQ(read.ready + read.ready_log, "");
}

TEST(Program, WhatIsWrongIsSaidWithItsPlace) {
  EXPECT_THAT(problems("program: p\n"), HasSubstr("p.yaml:1:1: command: found no such key"));
  EXPECT_THAT(problems("program: p\ncommand: []\n"),
              HasSubstr("p.yaml:2:10: command: found nothing"));
  EXPECT_THAT(problems("program: p\ncommand: [[x]]\n"), HasSubstr("found a list, expected text"));
  EXPECT_THAT(problems("program: p\ncommand: [x]\nprob: y\n"),
              HasSubstr("nearest known key: probe"));
  EXPECT_THAT(problems("program: p\ncommand: [x]\nready_tcp: 0\n"), HasSubstr("p.yaml:3:12"));
  EXPECT_THAT(problems("program: p\ncommand: [x]\nready: y\nready_log: z\n"),
              HasSubstr("found 2 of ready, ready_tcp and ready_log, expected at most one"));
  EXPECT_THAT(problems("[]"), HasSubstr("p.yaml:1:1"));
}

TEST(Program, EveryShippedOneIsReadableAndNamedAsItsFile) {
  int files = 0;
  const std::filesystem::path folder = std::filesystem::path(CEILING_EXPERIMENTS) / "programs";
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (entry.path().extension() != ".yaml") continue;
    ++files;
    std::ifstream in(entry.path());
    const std::string text{std::istreambuf_iterator<char>(in), {}};
    EXPECT_EQ(parse_program(text, entry.path()).name, entry.path().stem());
  }
  EXPECT_EQ(files, 8);
}

}  // namespace
}  // namespace ceiling
