#include "workload/membership/checks.h"

#include <gtest/gtest.h>

#include <string>

#include "workload/protocol/wire.h"

namespace ceiling {
namespace {

TEST(Checks, ANameIsShortAndPlain) {
  EXPECT_NO_THROW(check_name("frontend-1"));
  EXPECT_NO_THROW(check_name(std::string(64, 'x')));
  for (const auto& wrong :
       {std::string(), std::string("a\nb"), std::string("a b"), std::string(65, 'x')}) {
    EXPECT_THROW(check_name(wrong), wire::ProtocolError) << wrong;
  }
}

TEST(Checks, AStreamsNameMayBeLonger) {
  EXPECT_NO_THROW(check_stream_name(std::string(128, 'x')));
  for (const auto& wrong : {std::string(), std::string("a b"), std::string(129, 'x')}) {
    try {
      check_stream_name(wrong);
      ADD_FAILURE() << wrong << " passed";
    } catch (const wire::ProtocolError& error) {
      EXPECT_STREQ(error.what(),
                   "a stream's name must be 1 to 128 letters, digits, \"-\", \"_\" or \".\"");
    }
  }
}

TEST(Checks, AStreamIsANameAndANumberOfShards) {
  const wire::Stream stream = stream_from("orders.eu-1_a:32");
  EXPECT_EQ(stream.name(), "orders.eu-1_a");
  EXPECT_EQ(stream.shards(), 32U);
  EXPECT_EQ(stream_from("s:10000").shards(), 10'000U);
  for (const char* wrong :
       {"", ":", "orders", "orders:", ":32", "orders:0", "orders:-1", "orders:10001",
        "orders:99999999999", "orders:3x", "orders: 3", "or ders:3", "or:ders:3", "orders:0x3"}) {
    EXPECT_THROW(stream_from(wrong), wire::ProtocolError) << wrong;
  }
  EXPECT_THROW(stream_from(std::string(129, 's') + ":1"), wire::ProtocolError);
}

TEST(Checks, AnAccountIsTwelveDigitsAndNotTheFleets) {
  EXPECT_NO_THROW(check_account("000000000002"));
  EXPECT_NO_THROW(check_account("123456789012"));
  for (const char* wrong :
       {"", "2", "00000000002", "0000000000002", "00000000000x", "-00000000002", "000000000001"}) {
    try {
      check_account(wrong);
      ADD_FAILURE() << wrong << " passed";
    } catch (const wire::ProtocolError& error) {
      EXPECT_EQ(error.what(), "\"" + std::string(wrong) +
                                  "\" is no further account: expected 12 digits, not 000000000001");
    }
  }
}

}  // namespace
}  // namespace ceiling
