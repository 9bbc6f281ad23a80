#include "workload/protocol/connection.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/connect_pair.hpp>
#include <boost/asio/write.hpp>
#include <chrono>
#include <optional>
#include <string>
#include <thread>
#include <vector>

namespace ceiling::wire {
namespace {

using Local = boost::asio::local::stream_protocol;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Optional;

Envelope rejected(const std::string& reason) {
  Envelope envelope;
  envelope.mutable_rejected()->set_reason(reason);
  return envelope;
}

class ConnectionTest : public ::testing::Test {
 protected:
  ConnectionTest() {
    Local::socket ours(loop_);
    boost::asio::local::connect_pair(ours, theirs_);
    connection_ = std::make_shared<Connection>(std::move(ours));
    connection_->start(
        [this](const Envelope& message) {
          if (message.rejected().reason() == "out of place") throw ProtocolError("out of place");
          heard_.push_back(message.rejected().reason());
        },
        [this](std::string_view reason) {
          ASSERT_FALSE(closed_) << "told twice";
          closed_ = std::string(reason);
        });
  }
  void say(const std::string& bytes) { boost::asio::write(theirs_, boost::asio::buffer(bytes)); }
  void run() { loop_.run(); }

  boost::asio::io_context loop_;
  Local::socket theirs_{loop_};
  std::shared_ptr<Connection> connection_;
  std::vector<std::string> heard_;
  std::optional<std::string> closed_;
};

TEST_F(ConnectionTest, WhoSaysNothingIsCutOff) {
  connection_->expect_within(std::chrono::milliseconds(20));
  say("CL");  // less than a message
  run();
  EXPECT_THAT(closed_, Optional(std::string("said nothing within 20 ms")));
  EXPECT_FALSE(connection_->open());
}

TEST_F(ConnectionTest, WhoHasSpokenMayBeSilent) {
  connection_->expect_within(std::chrono::milliseconds(20));
  say(encode(rejected("one")));
  loop_.run_for(std::chrono::milliseconds(60));
  EXPECT_TRUE(connection_->open());
  EXPECT_THAT(heard_, ElementsAre("one"));
}

TEST_F(ConnectionTest, MessagesArriveInOrderAndTheEndIsClean) {
  say(encode(rejected("one")) + encode(rejected("two")));
  theirs_.close();
  run();
  EXPECT_THAT(heard_, ElementsAre("one", "two"));
  EXPECT_THAT(closed_, Optional(std::string()));
}

TEST_F(ConnectionTest, WhatIsSentInPiecesIsWritten) {
  for (const char* text : {"one", "two", "three"}) connection_->send(rejected(text));
  loop_.poll();
  EXPECT_EQ(receive(theirs_.native_handle()).rejected().reason(), "one");
  EXPECT_EQ(receive(theirs_.native_handle()).rejected().reason(), "two");
  EXPECT_EQ(receive(theirs_.native_handle()).rejected().reason(), "three");
}

TEST_F(ConnectionTest, WhatIsSentInOneTurnGoesOutInOnePiece) {
  for (const char* text : {"one", "two"}) connection_->send(rejected(text));
  EXPECT_EQ(theirs_.available(), 0u);
  loop_.poll();
  EXPECT_EQ(theirs_.available(), (encode(rejected("one")) + encode(rejected("two"))).size());
}

TEST_F(ConnectionTest, AMessageMayComeByteByByte) {
  for (const char byte : encode(rejected("one")) + encode(rejected("two"))) {
    say(std::string(1, byte));
    loop_.poll();
  }
  EXPECT_THAT(heard_, ElementsAre("one", "two"));
}

TEST_F(ConnectionTest, AMessageLongerThanOneReadIsOne) {
  const std::string frame = encode(rejected(std::string(kMaxBodyBytes - 100, 'x')));
  std::thread sender([&] { say(frame + encode(rejected("after"))); });
  while (heard_.size() < 2 && !closed_) loop_.run_one();
  sender.join();
  ASSERT_EQ(heard_.size(), 2u);
  EXPECT_EQ(heard_[0].size(), kMaxBodyBytes - 100);
  EXPECT_EQ(heard_[1], "after");
}

TEST_F(ConnectionTest, NothingIsHeardAfterAMessageOutOfPlace) {
  say(encode(rejected("one")) + encode(rejected("out of place")) + encode(rejected("two")));
  run();
  EXPECT_THAT(heard_, ElementsAre("one"));
  EXPECT_THAT(closed_, Optional(std::string("out of place")));
}

TEST_F(ConnectionTest, ACutHeaderIsSaid) {
  say(encode(rejected("one")) + "CL");
  theirs_.close();
  run();
  EXPECT_THAT(heard_, ElementsAre("one"));
  EXPECT_THAT(closed_, Optional(std::string("cut inside a header")));
}

TEST_F(ConnectionTest, ACutFrameIsSaid) {
  say(encode(rejected("one")).substr(0, 11));
  theirs_.close();
  run();
  EXPECT_THAT(closed_, Optional(HasSubstr("cut after")));
}

TEST_F(ConnectionTest, GarbageClosesTheConnection) {
  say("garbage that is long enough");
  run();
  EXPECT_THAT(closed_, Optional(std::string("not a frame of this protocol")));
  EXPECT_FALSE(connection_->open());
}

TEST_F(ConnectionTest, AMessageOutOfPlaceIsAnsweredBeforeTheEnd) {
  say(encode(rejected("out of place")));
  run();
  EXPECT_THAT(closed_, Optional(std::string("out of place")));
  EXPECT_EQ(receive(theirs_.native_handle()).rejected().reason(), "out of place");
  EXPECT_EQ(receive(theirs_.native_handle()).message_case(), Envelope::MESSAGE_NOT_SET);
}

TEST_F(ConnectionTest, AReaderThatDoesNotReadIsCutOff) {
  const std::string frame = encode(rejected(std::string(kMaxBodyBytes - 100, 'x')));
  for (std::size_t sent = 0; sent <= Connection::kMaxPendingBytes; sent += frame.size()) {
    connection_->send_frame(frame);
    loop_.poll();
  }
  connection_->send_frame(frame);
  loop_.poll();
  EXPECT_THAT(closed_, Optional(HasSubstr("does not read")));
}

TEST(CheckHello, OnlyHelloWithTheWholeTokenPasses) {
  Envelope envelope;
  EXPECT_THROW(check_hello(envelope, "secret"), ProtocolError);
  envelope.mutable_leave();
  EXPECT_THROW(check_hello(envelope, "secret"), ProtocolError);
  envelope.mutable_hello()->set_token("secret");
  EXPECT_EQ(&check_hello(envelope, "secret"), &envelope.hello());
  for (const char* wrong : {"", "s", "secre", "secreT", "secrets"}) {
    envelope.mutable_hello()->set_token(wrong);
    EXPECT_THROW(check_hello(envelope, "secret"), ProtocolError) << wrong;
  }
}

TEST(EndpointOf, TakesNumericAddressesOnly) {
  EXPECT_EQ(to_string(endpoint_of("127.0.0.1:4000")), "127.0.0.1:4000");
  for (const char* wrong : {"", "localhost:4000", "127.0.0.1", "127.0.0.1:", "127.0.0.1:70000",
                            "127.0.0.1:4000x", ":4000"}) {
    EXPECT_THROW(endpoint_of(wrong), std::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace ceiling::wire
