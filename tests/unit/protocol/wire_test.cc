#include "workload/protocol/wire.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <string>

namespace ceiling::wire {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

Envelope rejected(const std::string& reason) {
  Envelope envelope;
  envelope.mutable_rejected()->set_reason(reason);
  return envelope;
}

class WireTest : public ::testing::Test {
 protected:
  void SetUp() override { ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair_.data()), 0); }
  void TearDown() override {
    hang_up();
    ::close(pair_[1]);
  }
  void say(const std::string& bytes) {
    ASSERT_EQ(::write(pair_[0], bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
  }
  void hang_up() {
    if (pair_[0] >= 0) ::close(pair_[0]);
    pair_[0] = -1;
  }
  Envelope hear() { return receive(pair_[1]); }

  std::array<int, 2> pair_{};
};

TEST_F(WireTest, AMessageArrivesAsItWasSent) {
  send_frame(pair_[0], encode(rejected("why")));
  send_frame(pair_[0], encode(rejected("")));
  EXPECT_EQ(hear().rejected().reason(), "why");
  EXPECT_TRUE(hear().has_rejected());
}

TEST_F(WireTest, AnEndBetweenTwoFramesIsNoMessage) {
  hang_up();
  EXPECT_EQ(hear().message_case(), Envelope::MESSAGE_NOT_SET);
}

TEST_F(WireTest, ACutAtEveryByteOfAFrameIsSaid) {
  const std::string frame = encode(rejected("why"));
  for (std::size_t cut = 1; cut < frame.size(); ++cut) {
    SCOPED_TRACE(cut);
    say(frame.substr(0, cut));
    hang_up();
    EXPECT_THAT([&] { hear(); }, ThrowsMessage<ProtocolError>(HasSubstr("cut after")));
    ::close(pair_[1]);
    ASSERT_EQ(::socketpair(AF_UNIX, SOCK_STREAM, 0, pair_.data()), 0);
  }
}

TEST_F(WireTest, GarbageIsNoFrame) {
  say("GET / HTTP/1.1\r\n\r\n");
  EXPECT_THAT([&] { hear(); }, ThrowsMessage<ProtocolError>("not a frame of this protocol"));
}

TEST_F(WireTest, AnotherVersionIsNamed) {
  say(std::string("CL\0\2\0\0\0\0", 8));
  EXPECT_THAT([&] { hear(); }, ThrowsMessage<ProtocolError>("protocol version 2, expected 1"));
}

TEST_F(WireTest, FourGibibytesAreRefusedUnread) {
  say(std::string("CL\0\1\xff\xff\xff\xff", 8));
  EXPECT_THAT([&] { hear(); },
              ThrowsMessage<ProtocolError>("message of 4294967295 bytes, at most 4194304"));
}

TEST_F(WireTest, ABodyThatIsNoMessageIsRefused) {
  say(std::string("CL\0\1\0\0\0\4", 8) + "\xff\xff\xff\xff");
  EXPECT_THAT([&] { hear(); }, ThrowsMessage<ProtocolError>("4 bytes that are no message"));
}

TEST_F(WireTest, AnEmptyMessageIsRefused) {
  say(std::string("CL\0\1\0\0\0\0", 8));
  EXPECT_THAT([&] { hear(); }, ThrowsMessage<ProtocolError>("empty message"));
}

TEST(Encode, AMessageAboveTheBoundIsADefect) {
  EXPECT_THROW(encode(rejected(std::string(kMaxBodyBytes, 'x'))), std::length_error);
}

}  // namespace
}  // namespace ceiling::wire
