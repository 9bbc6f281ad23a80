// HTTP/2 with prior knowledge, on the port of HTTP/1.1.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nghttp2/nghttp2.h>

#include <algorithm>
#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tests/unit/frontend/http2_client.h"
#include "tests/unit/frontend/http_fixture.h"
#include "workload/frontend/http2_protocol.h"

namespace ceiling::frontend {
namespace {

using namespace std::string_literals;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::MatchesRegex;
using testing::Pair;
using testing::StartsWith;

constexpr milliseconds kShort{50};
const std::string kPreface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kEmptySettings = "\0\0\0\4\0\0\0\0\0"s;

TEST(Http2, ServesOneRequestAfterTheOther) {
  EchoServer server;
  Http2Client client(server.address());
  for (int i = 0; i < 100; ++i) {
    const auto& answer = client.call("/", std::to_string(i));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::to_string(i));
    EXPECT_EQ(answer.closed, 0U);
    EXPECT_THAT(answer.headers,
                ElementsAre(Pair("content-length", std::to_string(std::to_string(i).size())),
                            Pair("content-type", "text/plain"), Pair("date", MatchesRegex(kDate)),
                            Pair("x-of", "the test")));
  }
  EXPECT_EQ(client.call("/headers", "", {{"x-amz-target", "Some Thing"}}).body,
            "POST|host=here|x-amz-target=Some Thing");
  EXPECT_EQ(server.log(), "");
}

TEST(Http2, ManyRequestsAtOnceAreAnsweredInAnyOrder) {
  EchoServer server;
  Http2Client client(server.address());
  std::vector<std::int32_t> held;
  for (int i = 0; i < 100; ++i) held.push_back(client.post("/hold", std::to_string(i)));
  client.send();
  server.await_held(100);
  server.answer_held();
  for (int i = 99; i >= 0; --i) {
    EXPECT_EQ(client.await(held[static_cast<std::size_t>(i)]).body, std::to_string(i));
  }
}

TEST(Http2, AnswersDoNotWaitForThoseThatAreNotReady) {
  EchoServer server;
  Http2Client client(server.address());
  const auto held = client.post("/hold", "slow");
  EXPECT_EQ(client.call("/", "quick").body, "quick");
  server.answer_held();
  EXPECT_EQ(client.await(held).body, "slow");
}

TEST(Http2, LargeBodiesObeyTheWindowsOfBothSides) {
  EchoServer server;
  Http2Client client(server.address(), 1000);
  const std::string body(HttpLimits{}.body_bytes, 'x');
  EXPECT_TRUE(client.call("/", body).body == body);
  Http2Client other(server.address());
  const auto first = other.post("/big", "10485760");
  const auto second = other.post("/", body);
  EXPECT_EQ(other.await(first).body.size(), 10485760U);
  EXPECT_TRUE(other.await(second).body == body);
}

TEST(Http2, ABodyThatWaitsToBeWantedIsAskedFor) {
  EchoServer server;
  Http2Client client(server.address());
  const auto& answer = client.call("/", "hello", {{"expect", "100-continue"}});
  EXPECT_EQ(answer.interim, 100);
  EXPECT_EQ(answer.body, "hello");
}

TEST(Http2, WhatIsTooLargeIsRefusedAndTheRestGoesOn) {
  EchoServer server({.linger_time = kShort});
  Http2Client client(server.address());
  const auto held = client.post("/hold", "other");
  const auto refused = [](const Http2Client::Stream& stream) {
    EXPECT_EQ(stream.status, 413);
    EXPECT_THAT(stream.body, StartsWith("SerializationException: a request has at most 16384"));
    EXPECT_EQ(stream.closed, std::uint32_t{NGHTTP2_NO_ERROR});
  };
  refused(client.call("/", "", {{"x-filler", std::string(17000, 'x')}}));
  refused(client.call("/", "", Http2Client::Headers(600, {"a", ""})));
  refused(client.call("/", std::string(7400000, 'x')));
  refused(client.await(client.post("/", "", {{"content-length", "7340033"}}, false)));
  EXPECT_EQ(client.call("/", "x").body, "x");
  server.answer_held();
  EXPECT_EQ(client.await(held).body, "other");
}

TEST(Http2, ARequestThatIsTakenBackDisturbsNoOther) {
  EchoServer server;
  Http2Client client(server.address());
  const auto back = client.post("/hold", "back");
  const auto half = client.post("/hold", "half", {}, false);
  const auto kept = client.post("/hold", "kept");
  client.send();
  server.await_held(2);
  client.reset(back);
  client.reset(half);
  EXPECT_EQ(client.call("/", "x").body, "x");
  server.answer_held();
  EXPECT_EQ(client.await(kept).body, "kept");
  EXPECT_EQ(client.stream(back).status, 0);
}

TEST(Http2, WhoTakesBackWithoutEndIsClosed) {
  EchoServer server;
  Http2Client client(server.address());
  for (std::uint64_t i = 0; i < 20 * Http2Protocol::kResetBurst; ++i) {
    const auto id = client.post("/", "", {}, false);
    client.send();
    client.reset(id);
    client.send();
  }
  EXPECT_NE(client.await_end().value_or(NGHTTP2_NO_ERROR), NGHTTP2_NO_ERROR);
  server.await_log("http connection closed: HTTP/2");
  EXPECT_EQ(Http2Client(server.address()).call("/", "x").body, "x");
}

TEST(Http2, HandlersOfRequestsThatWereTakenBackCount) {
  EchoServer server;
  Http2Client client(server.address());
  for (std::size_t round = 1; round <= 2; ++round) {
    std::vector<std::int32_t> all;
    for (int i = 0; i < 100; ++i) all.push_back(client.post("/hold", "x"));
    client.send();
    server.await_held(100 * round);
    if (round == 2) break;
    for (const auto id : all) client.reset(id);
  }
  client.reset(client.post("/hold", "one too many"));
  client.reset(201);
  client.send();
  client.post("/hold", "one too many");
  EXPECT_EQ(client.await_end(), std::uint32_t{NGHTTP2_ENHANCE_YOUR_CALM});
}

TEST(Http2, NonsenseAfterThePrefaceEndsTheConnection) {
  for (const auto& [bytes, problem] : std::vector<std::pair<std::string, std::string>>{
           {"this is no frame of the protocol at all", "SETTINGS expected"},
           {"\0\0\0\4\0\0\0\0\1"s, "SETTINGS: stream_id != 0"},
           {kEmptySettings + "\0\0\5\1\5\0\0\0\1\xff\xff\xff\xff\xff"s, "COMPRESSION_ERROR"},
           {kEmptySettings + "\xff\xff\xff\0\0\0\0\0\1"s, "too large frame size"}}) {
    EchoServer server;
    RawClient client(server.address());
    client.send(kPreface + bytes);
    client.cut();
    client.read_to_the_end();
    EXPECT_THAT(server.await_log(problem), HasSubstr("http connection closed: HTTP/2 "));
    EXPECT_THAT(server.log(), HasSubstr(problem));
    EXPECT_EQ(Http2Client(server.address()).call("/", "x").body, "x");
  }
}

TEST(Http2, ThePrefaceMayComeInPieces) {
  EchoServer server;
  RawClient client(server.address());
  for (const char byte : kPreface + kEmptySettings) client.send({&byte, 1});
  EXPECT_TRUE(client.readable_within(milliseconds(5000)));
  client.cut();
  EXPECT_EQ(client.read_to_the_end()[3], '\4') << "SETTINGS come first";
}

std::string repeat(const std::string& frame, int count) {
  std::string all;
  for (int i = 0; i < count; ++i) all += frame;
  return all;
}

/// Whether all of it was taken; reads nothing meanwhile.
bool all_taken(const RawClient& client, std::string_view bytes) {
  while (!bytes.empty() && client.send(bytes.substr(0, 65536))) {
    bytes.remove_prefix(std::min<std::size_t>(bytes.size(), 65536));
  }
  return bytes.empty();
}

TEST(Http2, WhoAsksForMoreThanItReadsIsCutOff) {
  const std::string ping = "\0\0\x8\6\0\0\0\0\0"s + "12345678";
  for (const std::string& frame : {ping, kEmptySettings}) {
    EchoServer server({.answer_time = kShort});
    RawClient client(server.address(), 4096);
    EXPECT_FALSE(all_taken(client, kPreface + kEmptySettings + repeat(frame, 1000000)));
    EXPECT_EQ(Http2Client(server.address()).call("/", "x").body, "x");
  }
}

TEST(Http2, AHeaderWithoutEndIsCutOff) {
  EchoServer server;
  RawClient client(server.address());
  all_taken(client, kPreface + kEmptySettings + "\0\0\1\1\0\0\0\0\1\x82"s +
                        repeat("\0\0\0\x9\0\0\0\0\1"s, 100000));
  client.cut();
  client.read_to_the_end();
  EXPECT_THAT(server.await_log("HTTP/2"), HasSubstr("http connection closed: HTTP/2 "));
}

TEST(Http2, ARequestHasToBeThereInTime) {
  EchoServer server({.request_time = kShort, .linger_time = kShort});
  Http2Client client(server.address());
  const auto half = client.post("/", "half", {}, false);
  EXPECT_EQ(client.await(half).status, 408);
  EXPECT_EQ(client.call("/", "x").body, "x");
}

TEST(Http2, AnAnswerHasToBeTakenInTime) {
  EchoServer server({.answer_time = kShort});
  Http2Client client(server.address(), 0);
  EXPECT_EQ(client.call("/", "x").closed, std::uint32_t{NGHTTP2_CANCEL});
}

TEST(Http2, AnIdleConnectionIsToldAndClosed) {
  EchoServer server({.idle_time = 4 * kShort});
  Http2Client client(server.address());
  client.call("/", "x");
  EXPECT_EQ(client.await_end(), std::uint32_t{NGHTTP2_NO_ERROR});
  EXPECT_EQ(server.log(), "");
}

TEST(Http2, AnIdleConnectionMakesRoomAndIsTold) {
  EchoServer server({.quiet_time = kShort}, 1);
  Http2Client client(server.address());
  client.call("/", "x");
  RawClient other(server.address());
  EXPECT_EQ(other.call("/", "y").body, "y");
  EXPECT_EQ(client.await_end(), std::uint32_t{NGHTTP2_NO_ERROR});
}

TEST(Http2, SlowRequestsMakeRoom) {
  EchoServer server({.slow_time = 4 * kShort}, 1);
  Http2Client client(server.address());
  client.post("/", "half", {}, false);
  client.send();
  RawClient other(server.address());
  EXPECT_EQ(other.call("/", "y").body, "y");
  EXPECT_EQ(client.await_end(), std::uint32_t{NGHTTP2_NO_ERROR});
}

TEST(Http2, WhatDoesNotFitIsRefusedOnItsStream) {
  EchoServer server({.total_bytes = 1 << 20});
  Http2Client client(server.address());
  const auto& refused = client.call("/", std::string(3000000, 'x'));
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, StartsWith("ServiceUnavailable: "));
  for (int i = 0; i < 5; ++i) {
    EXPECT_EQ(client.call("/", std::string(500000, 'x')).body.size(), 500000U);
  }
}

}  // namespace
}  // namespace ceiling::frontend
