#include "workload/protocol/shard_iterator.h"

#include <gtest/gtest.h>

#include "workload/protocol/base64.h"

namespace ceiling {
namespace {

const ShardIterator kIterator{"000000000001", "orders", 0xfedcba98, 0xfedcba9876543210,
                              1767323045678};

TEST(ShardIterator, ComesBackWithItsToken) {
  for (const char* stream : {"a", "ab", "abc", "A-b_c.9"}) {
    for (const std::uint64_t number : {std::uint64_t{0}, std::uint64_t{1}, ~std::uint64_t{0}}) {
      const ShardIterator iterator{"123456789012", stream, static_cast<std::uint32_t>(number),
                                   number, number};
      EXPECT_EQ(open_iterator(seal(iterator, "token"), "token"), iterator);
    }
  }
}

TEST(ShardIterator, AnotherTokenDoesNotOpenIt) {
  const std::string text = seal(kIterator, "token");
  for (const char* other : {"", "toke", "token ", "Token", "another"}) {
    EXPECT_FALSE(open_iterator(text, other)) << other;
  }
}

TEST(ShardIterator, ChangedAnywhereItDoesNotOpen) {
  for (const char* stream : {"a", "ab", "abc"}) {  // each with another padding
    ShardIterator iterator = kIterator;
    iterator.stream = stream;
    const std::string text = seal(iterator, "token");
    for (std::size_t at = 0; at < text.size(); ++at) {
      for (int other = 0; other < 256; ++other) {
        std::string changed = text;
        changed[at] = static_cast<char>(other);
        ASSERT_EQ(open_iterator(changed, "token").has_value(), changed == text)
            << at << " " << other;
      }
      EXPECT_FALSE(open_iterator(text.substr(0, at), "token"));
      EXPECT_FALSE(open_iterator(text.substr(at + 1), "token"));
    }
    EXPECT_FALSE(open_iterator(text + "AAAA", "token"));
  }
}

TEST(ShardIterator, WhatIsNoneDoesNotOpen) {
  for (const std::string& text : {std::string(), std::string("x"), std::string("AAAA"),
                                  to_base64(std::string(48, '\0')), std::string(512, 'A')}) {
    EXPECT_FALSE(open_iterator(text, "token"));
  }
}

TEST(ShardIterator, IsAtMost512CharactersLong) {
  ShardIterator iterator = kIterator;
  iterator.stream = std::string(128, 'x');
  const std::string text = seal(iterator, "token");
  EXPECT_LE(text.size(), 512u);
  EXPECT_EQ(open_iterator(text, "token"), iterator);
}

}  // namespace
}  // namespace ceiling
