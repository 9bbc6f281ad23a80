#include "harness/report/html/thin.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

std::vector<std::size_t> of(const std::vector<double>& values, std::size_t most) {
  return drawn(values, most);
}

TEST(Thin, KeepsAllOfAFew) {
  EXPECT_THAT(of({}, 4), IsEmpty());
  EXPECT_THAT(of({1, 1, 1, 1}, 4), ElementsAre(0, 1, 2, 3));
}

TEST(Thin, KeepsBothSidesOfEveryChange) {
  EXPECT_THAT(of({1, 1, 1, 1, 0, 0, 0, 1, 1, 1}, 8), ElementsAre(0, 3, 4, 6, 7, 9));
}

TEST(Thin, KeepsTheEndsOfWhatNeverChanges) {
  EXPECT_THAT(of({1, 1, 1, 1, 1}, 4), ElementsAre(0, 4));
}

TEST(Thin, KeepsTheExtremesOfWhatChangesTooOften) {
  std::vector<double> values(100'000);
  for (std::size_t i = 0; i < values.size(); ++i) values[i] = std::sin(static_cast<double>(i));
  values[40'123] = -7;
  values[70'321] = 7;
  const std::vector<std::size_t> kept = of(values, 400);
  EXPECT_LE(kept.size(), 400U);
  EXPECT_GE(kept.size(), 300U);
  EXPECT_TRUE(std::is_sorted(kept.begin(), kept.end()));
  EXPECT_THAT(kept, testing::IsSupersetOf({0, 40'123, 70'321, 99'999}));
}

}  // namespace
}  // namespace ceiling
