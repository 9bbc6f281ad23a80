#include "harness/report/page.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

TEST(Page, BreaksBetweenWordsAndIndentsWhatFollows) {
  Page page(false);
  page.line(2, std::string(60, 'a') + " " + std::string(37, 'b') + " ccc");
  EXPECT_EQ(page.text(), "  " + std::string(60, 'a') + " " + std::string(37, 'b') + "\n    ccc\n");
}

TEST(Page, ALongPathIsBrokenAndNotCut) {
  Page page(false);
  page.line(4, std::string(200, 'p'));
  EXPECT_EQ(page.text(), "    " + std::string(96, 'p') + "\n      " + std::string(94, 'p') +
                             "\n      " + std::string(10, 'p') + "\n");
}

TEST(Page, CountsCharactersAndNotBytes) {
  std::string umlauts;
  for (int i = 0; i < 100; ++i) umlauts += "\u00fc";
  Page page(false);
  page.line(0, umlauts);
  EXPECT_EQ(page.text(), umlauts + "\n");
}

TEST(Page, ControlCharactersDoNotReachATerminal) {
  Page page(false);
  page.line(0, "a\033[31mb\nc");
  EXPECT_EQ(page.text(), "a?[31mb?c\n");
}

TEST(Page, ColoursOnlyWhenAsked) {
  Page colour(true);
  colour.line(2, "no", Tone::bad);
  colour.line(2, "yes");
  EXPECT_EQ(colour.text(), "  \033[31mno\033[0m\n  yes\n");
  Page plain(false);
  plain.line(2, "no", Tone::bad);
  EXPECT_EQ(plain.text(), "  no\n");
}

}  // namespace
}  // namespace ceiling
