#include "workload/protocol/http_api.h"

#include <gtest/gtest.h>

namespace ceiling::http_api {
namespace {

TEST(ShardId, IsTwelveDigitsAndComesBack) {
  EXPECT_EQ(shard_id(3), "shardId-000000000003");
  EXPECT_EQ(shard_of("shardId-000000000003"), 3);
  EXPECT_EQ(shard_of(shard_id(123456)), 123456);
  for (const char* wrong : {"", "3", "shardId-", "shardId-x", "shardId--1", "shardId-3x"}) {
    EXPECT_EQ(shard_of(wrong), std::nullopt) << wrong;
  }
}

}  // namespace
}  // namespace ceiling::http_api
