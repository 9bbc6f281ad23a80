#include "harness/find/search.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <functional>
#include <random>
#include <set>

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

using IsHealthy = std::function<bool(std::int64_t)>;

/// Searches to the end; the values that were tried, in their order.
std::vector<std::int64_t> tried(Search& search, const IsHealthy& healthy) {
  std::vector<std::int64_t> values;
  while (const auto value = search.next()) {
    values.push_back(*value);
    search.take(*value, healthy(*value));
  }
  return values;
}

IsHealthy from(std::int64_t least) {
  return [least](std::int64_t value) { return value >= least; };
}

TEST(Search, ARightGuessTakesThreeTrials) {
  Search search({1, 1000}, 61, 1);
  EXPECT_THAT(tried(search, from(61)), ElementsAre(61, 60, 1));
  EXPECT_EQ(search.answer(), SearchAnswer::found);
  EXPECT_EQ(search.smallest_healthy(), 61);
  EXPECT_TRUE(search.monotonic());
}

TEST(Search, AGuessOneTooLowTakesAsMany) {
  Search search({1, 1000}, 60, 1);
  EXPECT_THAT(tried(search, from(61)), ElementsAre(60, 61, 1));
  EXPECT_EQ(search.smallest_healthy(), 61);
}

TEST(Search, TheEdgeIsTriedAsOftenAsAsked) {
  Search search({1, 1000}, 61, 3);
  EXPECT_THAT(tried(search, from(61)), ElementsAre(61, 60, 1, 61, 61, 60, 60));
}

TEST(Search, WhateverTheGuessItFindsTheEdgeWithinItsBound) {
  for (const SearchRange range : {SearchRange{1, 1}, SearchRange{1, 2}, SearchRange{2, 9},
                                  SearchRange{1, 40}, SearchRange{7, 300, 10}}) {
    for (std::int64_t guess = range.first - 3; guess <= range.last + 3; ++guess) {
      for (std::int64_t least = range.first - 1; least <= range.last + 1; ++least) {
        Search search(range, guess, 1);
        const auto values = tried(search, from(least));
        SCOPED_TRACE(fmt::format("{}:{}:{}, guess {}, edge {}", range.first, range.last, range.step,
                                 guess, least));
        ASSERT_LE(static_cast<std::int64_t>(values.size()), Search::most_values(range));
        const std::int64_t largest = range.first + (range.size() - 1) * range.step;
        if (least <= range.first) {
          ASSERT_EQ(search.answer(), SearchAnswer::healthy_everywhere);
        } else if (least > largest) {
          ASSERT_EQ(search.answer(), SearchAnswer::unhealthy_everywhere);
        } else {
          const std::int64_t steps = (least - range.first + range.step - 1) / range.step;
          ASSERT_EQ(search.smallest_healthy(), range.first + steps * range.step);
        }
        for (const std::int64_t value : values) {
          ASSERT_GE(value, range.first);
          ASSERT_LE(value, range.last);
        }
      }
    }
  }
}

TEST(Search, WhateverIsAnsweredItEndsWithinItsBound) {
  constexpr int kRepeat = 3;
  std::mt19937 random(1);
  std::size_t most_values = 0;
  for (int round = 0; round < 5000; ++round) {
    const SearchRange range{1, 1 + static_cast<std::int64_t>(random() % 70)};
    Search search(range, static_cast<std::int64_t>(random() % 80), kRepeat);
    const auto values = tried(search, [&](std::int64_t) { return random() % 2 == 0; });
    const std::set<std::int64_t> different(values.begin(), values.end());
    ASSERT_LE(static_cast<std::int64_t>(different.size()), Search::most_values(range));
    ASSERT_LE(values.size(), different.size() + 2 * (kRepeat - 1));
    if (range.last == 70) most_values = std::max(most_values, different.size());
  }
  EXPECT_EQ(most_values, 9);  // log2 of 70 + 1, rounded up, and two: the bound is reached
}

TEST(Search, TheBoundIsThatOfABinarySearchAndTwo) {
  EXPECT_EQ(Search::most_values({1, 1}), 3);
  EXPECT_EQ(Search::most_values({1, 7}), 5);
  EXPECT_EQ(Search::most_values({1, 8}), 6);
  EXPECT_EQ(Search::most_values({1, 1 << 20, 1 << 10}), 13);
}

TEST(Search, WhatIsHealthyAtTheLowerEndTooIsNotMonotonic) {
  Search search({10, 200}, 100, 1);
  tried(search, [](std::int64_t value) { return value < 50 || value >= 100; });
  EXPECT_FALSE(search.monotonic());
  EXPECT_EQ(search.smallest_healthy(), 100);
}

TEST(Search, WhatIsHealthyOnceOnlyIsFlaky) {
  Search search({1, 100}, 61, 3);
  int trials = 0;
  const auto values = tried(search, [&](std::int64_t value) {
    return value >= 61 && ++trials != 3;  // not at its third trial above the edge
  });
  EXPECT_THAT(values, ElementsAre(61, 60, 1, 61, 61, 60, 60));
  EXPECT_THAT(search.flaky(), ElementsAre(61));
  EXPECT_EQ(search.smallest_healthy(), std::nullopt);
}

TEST(Search, OneThatIsHealthyBelowTheEdgeAtTimesIsFlakyThere) {
  Search search({1, 100}, 61, 2);
  int below = 0;
  tried(search, [&](std::int64_t value) { return value >= 61 || (value == 60 && ++below == 2); });
  EXPECT_THAT(search.flaky(), ElementsAre(60));
  EXPECT_EQ(search.smallest_healthy(), std::nullopt);
}

TEST(Search, NothingIsSaidOfAnEdgeBeforeItIsFound) {
  Search search({1, 100}, 61, 1);
  EXPECT_EQ(search.next(), 61);
  search.take(61, true);
  EXPECT_EQ(search.smallest_healthy(), std::nullopt);
  EXPECT_THAT(search.flaky(), IsEmpty());
}

}  // namespace
}  // namespace ceiling
