#include "workload/protocol/accounts.h"

#include <gtest/gtest.h>

namespace ceiling {
namespace {

TEST(Accounts, KeysAreThoseOfTheRunAndTheAccountAlone) {
  const std::string access = access_key_of("token", kFleetAccount);
  const std::string secret = secret_key_of("token", kFleetAccount);
  EXPECT_EQ(access.size(), 20U);
  EXPECT_EQ(secret.size(), 40U);
  EXPECT_EQ(access, access_key_of("token", kFleetAccount)) << "every process works out the same";
  EXPECT_EQ(secret, secret_key_of("token", kFleetAccount));
  EXPECT_NE(access, access_key_of("token", "000000000002"));
  EXPECT_NE(secret, secret_key_of("token", "000000000002"));
  EXPECT_NE(access, access_key_of("another", kFleetAccount));
  EXPECT_NE(secret, secret_key_of("another", kFleetAccount));
}

}  // namespace
}  // namespace ceiling
