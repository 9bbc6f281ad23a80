#include "harness/inject/choice.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <string>

namespace ceiling {
namespace {

/// `asked` has a letter a creation, t or p; in the answer x is one that is refused.
std::string refused(const Choice& choice, std::string asked) {
  Chooser chooser(choice);
  for (char& one : asked) {
    const auto kind = one == 't' ? CreationKind::thread : CreationKind::process;
    if (chooser.refuses(kind)) one = 'x';
  }
  return asked;
}

TEST(Choice, WithoutOneNothingIsRefused) {
  EXPECT_EQ(refused({}, "tptpt"), "tptpt");
}

TEST(Choice, CountsFromOne) {
  EXPECT_EQ(refused({.at = 1}, "tttt"), "xttt");
  EXPECT_EQ(refused({.at = 3}, "tptp"), "tpxp");
  EXPECT_EQ(refused({.at = 5}, "tptp"), "tptp");
  EXPECT_EQ(refused({.after = 0}, "tpt"), "xxx");
  EXPECT_EQ(refused({.after = 2}, "tptp"), "tpxx");
  EXPECT_EQ(refused({.every = 1}, "tp"), "xx");
  EXPECT_EQ(refused({.every = 3}, "tptptptp"), "tpxptxtp");
}

TEST(Choice, WhatIsNotOfTheKindDoesNotCount) {
  EXPECT_EQ(refused({.at = 2, .kind = CreationKind::thread}, "tpptt"), "tppxt");
  EXPECT_EQ(refused({.after = 1, .kind = CreationKind::process}, "ttptpp"), "ttptxx");
  EXPECT_EQ(refused({.every = 2, .kind = CreationKind::thread}, "tptptt"), "tpxptx");
}

TEST(Choice, NoMoreThanSoMany) {
  EXPECT_EQ(refused({.after = 1, .times = 2}, "tttttt"), "txxttt");
  EXPECT_EQ(refused({.every = 2, .times = 1}, "tttttt"), "txtttt");
}

TEST(Choice, ASeedDrawsTheSameAgainAndAnotherOneOtherwise) {
  const std::string asked(200, 't');
  const std::string drawn = refused({.probability = 0.25, .seed = 7}, asked);
  EXPECT_EQ(refused({.probability = 0.25, .seed = 7}, asked), drawn);
  EXPECT_NE(refused({.probability = 0.25, .seed = 8}, asked), drawn);
  const auto count = std::count(drawn.begin(), drawn.end(), 'x');
  EXPECT_GT(count, 20) << "of 200, 50 are expected";
  EXPECT_LT(count, 80);
  EXPECT_EQ(refused({.probability = 0.0}, "tttt"), "tttt");
  EXPECT_EQ(refused({.probability = 1.0}, "tttt"), "xxxx");
}

}  // namespace
}  // namespace ceiling
