// What a client meets whatever it asks for: HTTP/1.1, limits, times, places.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <deque>

#include "tests/unit/frontend/http_fixture.h"
#include "workload/frontend/http1_protocol.h"

namespace ceiling::frontend {
namespace {

using std::chrono::milliseconds;
using testing::ContainsRegex;
using testing::HasSubstr;
using testing::StartsWith;

constexpr milliseconds kShort{50};

TEST(Http1, OneConnectionServesManyRequests) {
  EchoServer server;
  RawClient client(server.address());
  for (int i = 0; i < 100; ++i) {
    const auto answer = client.call("/", std::to_string(i));
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, std::to_string(i));
    EXPECT_THAT(answer.head, HasSubstr("X-Of: the test\r\n"));
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/plain\r\n"));
    EXPECT_THAT(answer.head, ContainsRegex("\r\nDate: " + std::string(kDate) + "\r\n"));
  }
  EXPECT_EQ(client.call("/", "last", "Connection: close\r\n").body, "last");
  EXPECT_EQ(client.read_to_the_end(), "");
  EXPECT_EQ(server.log(), "");
}

TEST(Http1, HeadersComeWithLowerCaseNames) {
  EchoServer server;
  RawClient client(server.address());
  EXPECT_EQ(client.call("/headers", "", "X-Amz-Target: Some Thing\r\n").body,
            "POST|content-length=0|x-amz-target=Some Thing");
}

TEST(Http1, PipelinedRequestsAreAnsweredInTheirOrder) {
  EchoServer server;
  RawClient client(server.address());
  client.post("/hold", "first");
  std::string rest;
  for (int i = 0; i < 200; ++i)
    rest += "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\n" + std::to_string(100 + i);
  client.send(rest);
  server.await_held(1);
  EXPECT_FALSE(client.readable_within(milliseconds(20))) << "answered before the first";
  server.answer_held();
  EXPECT_EQ(client.read().body, "first");
  for (int i = 0; i < 200; ++i) EXPECT_EQ(client.read().body, std::to_string(100 + i));
}

TEST(Http1, ABodyThatWaitsToBeWantedIsAskedFor) {
  EchoServer server;
  RawClient client(server.address());
  for (int i = 0; i < 2; ++i) {
    client.send("POST / HTTP/1.1\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
    const auto interim = client.read();
    EXPECT_EQ(interim.status, 100);
    client.send("hello");
    EXPECT_EQ(client.read().body, "hello");
  }
  client.send("POST / HTTP/1.1\r\nContent-Length: 8000000\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read().status, 413) << "not asked for";
}

TEST(Http1, ChunksMakeABody) {
  EchoServer server;
  RawClient client(server.address());
  const std::string request =
      "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n"
      "5;note=\"x\"\r\nhello\r\n1\r\n \r\n00005\r\nworld\r\n0\r\nTrailer: ignored\r\n\r\n";
  client.send(request);
  EXPECT_EQ(client.read().body, "hello world");
}

TEST(Http1, ARequestMayComeByteByByte) {
  HttpService service({.handle = {}, .refusal = {}, .log = {}}, {});
  Http1Protocol protocol(service);
  for (const auto& [request, body] : std::vector<std::pair<std::string, std::string>>{
           {"POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhello", "hello"},
           {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", ""},
           {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5;note=\"x\"\r\nhello\r\n1\r\n!"
            "\r\n0\r\nTrailer: ignored\r\n\r\n",
            "hello!"}}) {
    for (const char byte : request) {
      EXPECT_FALSE(protocol.has_request());
      protocol.receive({&byte, 1});
    }
    const auto received = protocol.next_request();
    ASSERT_TRUE(received) << request;
    EXPECT_EQ(received->request.body, body);
    protocol.answer(received->id, {});
    while (!protocol.next_output().empty()) continue;
  }
}

TEST(Http1, TheLargestBodyComesInAndGoesOut) {
  EchoServer server;
  RawClient client(server.address());
  const std::string body(HttpLimits{}.body_bytes, 'x');
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(client.call("/", body).body == body);
}

TEST(Http1, WhatIsTooLargeIsRefused) {
  const std::string head = "POST / HTTP/1.1\r\n";
  const std::string chunked = head + "Transfer-Encoding: chunked\r\n\r\n";
  const std::string large(17000, 'x');
  std::string many = head;
  for (int i = 0; i < 600; ++i) many += "a:\r\n";
  EchoServer server;
  for (const std::string& request :
       {head + "X-Filler: " + large, head + "X-Filler: " + large + "\r\n\r\n", many + "\r\n",
        "POST /" + large, head + "Content-Length: 7340033\r\n\r\n",
        chunked + "7fffff\r\n" + std::string(7400000, 'x'), chunked + "5;" + large,
        chunked + "0\r\nTrailer: " + large}) {
    RawClient client(server.address());
    client.send(request);
    const auto answer = client.read();
    EXPECT_EQ(answer.status, 413) << request.substr(0, 100);
    EXPECT_EQ(answer.body,
              "SerializationException: a request has at most 16384 bytes of header and 7340032 of "
              "body");
    EXPECT_THAT(answer.head, HasSubstr("Connection: close\r\n"));
    client.cut();
    EXPECT_EQ(client.read_to_the_end(), "");
  }
}

TEST(Http1, WhatIsNoRequestIsRefusedAndLogged) {
  EchoServer server;
  for (const auto& [request, problem] : std::vector<std::pair<std::string, std::string>>{
           {"\x16\x03\x01 not HTTP at all\r\n\r\n", "bad "},
           {"PRI * HTTP/1.1\r\n\r\n", ""},
           {"POST / HTTP/9.9\r\n\r\n", "bad version"},
           {"POST / HTTP/1.1\r\nContent-Length: x\r\n\r\n", "bad Content-Length"},
           {"POST / HTTP/1.1\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\n", "multiple"},
           {"POST / HTTP/1.1\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\n\r\n",
            "bad Transfer-Encoding"},
           {"POST / HTTP/1.1\r\nTransfer-Encoding: gzip\r\n\r\n", "bad Transfer-Encoding"},
           {"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n", "bad chunk"}}) {
    RawClient client(server.address());
    client.send(request);
    const auto answer = client.read();
    if (problem.empty()) {
      EXPECT_EQ(answer.status, 200) << "a method like any other";
      continue;
    }
    EXPECT_EQ(answer.status, 400) << request;
    EXPECT_THAT(answer.body, StartsWith("SerializationException: " + problem));
    EXPECT_EQ(client.read_to_the_end(), "");
    EXPECT_THAT(server.log(), HasSubstr("http connection closed: " + problem));
  }
}

TEST(Http1, HalfARequestIsLoggedAndNoneIsNot) {
  EchoServer server;
  {
    RawClient silent(server.address());
    silent.cut();
    EXPECT_EQ(silent.read_to_the_end(), "");
    RawClient served(server.address());
    served.call("/", "x");
    served.cut();
    EXPECT_EQ(served.read_to_the_end(), "");
  }
  EXPECT_EQ(server.log(), "");
  for (const char* half : {"P", "PRI * HT", "POST / HTTP/1.1\r\nX-A",
                           "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel"}) {
    RawClient client(server.address());
    client.send(half);
    client.cut();
    EXPECT_EQ(client.read_to_the_end(), "");
  }
  EXPECT_THAT(server.await_log("partial"), StartsWith("http connection closed: partial message"));
}

TEST(Http1, AnOldClientIsAnsweredOnce) {
  EchoServer server;
  RawClient client(server.address());
  client.send("POST / HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\nx");
  const auto answer = client.read();
  EXPECT_EQ(answer.body, "x");
  EXPECT_THAT(answer.head, HasSubstr("Connection: close"));
  EXPECT_EQ(client.read_to_the_end(), "");
}

TEST(HttpTimes, ARequestHasToBeThereInTime) {
  EchoServer server({.request_time = kShort});
  for (const char* half :
       {"P", "POST / HTTP/1.1\r\nX-A", "POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel"}) {
    RawClient client(server.address());
    client.send(half);
    const auto answer = client.read();
    EXPECT_EQ(answer.status, 408) << half;
    EXPECT_EQ(answer.body, "RequestTimeoutException: the request was not there within 50 ms");
    EXPECT_EQ(client.read_to_the_end(), "");
  }
  RawClient patient(server.address());
  patient.call("/", "x");
  EXPECT_FALSE(patient.readable_within(3 * kShort)) << "only a request that has begun is late";
  EXPECT_EQ(patient.call("/", "x").status, 200);
}

TEST(HttpTimes, AHandlerMayTakeItsTime) {
  EchoServer server({.request_time = kShort, .answer_time = kShort});
  RawClient client(server.address());
  client.post("/hold", "x");
  EXPECT_FALSE(client.readable_within(3 * kShort));
  server.answer_held();
  EXPECT_EQ(client.read().body, "x");
}

TEST(HttpTimes, AReaderThatDoesNotTakeItsAnswerIsCutOff) {
  EchoServer server({.answer_time = kShort}, 1);
  RawClient client(server.address(), 4096);
  client.post("/big", "20000000");
  RawClient next(server.address());
  EXPECT_EQ(next.call("/", "x").status, 200) << "it gave its place back";
  EXPECT_LT(client.read_to_the_end().size(), 20000000U);
}

TEST(HttpTimes, AnIdleConnectionIsClosed) {
  EchoServer server({.idle_time = 4 * kShort});
  RawClient silent(server.address());
  EXPECT_EQ(silent.read_to_the_end(), "");
  RawClient served(server.address());
  EXPECT_EQ(served.call("/", "x").status, 200);
  EXPECT_EQ(served.read_to_the_end(), "");
  EXPECT_EQ(server.log(), "");
}

TEST(HttpReplies, OnlyTheFirstCounts) {
  EchoServer server;
  RawClient client(server.address());
  EXPECT_EQ(client.call("/twice", "x").body, "x");
  EXPECT_EQ(client.call("/", "y").body, "y");
}

TEST(HttpReplies, AfterTheClientHasGoneTheyDoNothing) {
  EchoServer server({}, 1);
  {
    RawClient client(server.address());
    client.post("/hold", "x");
    server.await_held(1);
  }
  server.answer_held();
  RawClient next(server.address());
  EXPECT_EQ(next.call("/", "y").body, "y");
}

TEST(HttpMemory, WhatDoesNotFitIsRefusedAndTriedAgainFits) {
  EchoServer server({.total_bytes = 1 << 20});
  const std::string half(500000, 'x');
  RawClient holds(server.address());
  holds.post("/hold", half);
  server.await_held(1);
  const std::string refusal =
      "ServiceUnavailable: too many bytes are held for requests and answers, try again";
  RawClient request(server.address());
  const auto refused = request.call("/", half + half);
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.body, refusal);
  RawClient answer(server.address());
  EXPECT_EQ(answer.call("/big", "900000").body, refusal);
  EXPECT_EQ(answer.call("/", "small").body, "small") << "an answer that does not fit ends nothing";
  server.answer_held();
  EXPECT_EQ(holds.read().body, half);
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(answer.call("/big", "900000").body.size(), 900000U) << "all is given back";
    EXPECT_EQ(RawClient(server.address()).call("/", half).body, half);
  }
}

TEST(HttpPlaces, TheLongestIdleMakesRoomAndNobodyElse) {
  EchoServer server({.quiet_time = kShort}, 3);
  RawClient busy(server.address());
  busy.post("/hold", "busy");
  server.await_held(1);
  RawClient first(server.address());
  first.call("/", "x");
  RawClient second(server.address());
  second.call("/", "x");
  RawClient late(server.address());
  EXPECT_EQ(late.call("/", "late").body, "late");
  EXPECT_EQ(first.read_to_the_end(), "");
  EXPECT_EQ(second.call("/", "still").body, "still");
  server.answer_held();
  EXPECT_EQ(busy.read().body, "busy");
}

TEST(HttpPlaces, WithoutAnIdleOneTheNextWaits) {
  EchoServer server({}, 1);
  RawClient busy(server.address());
  busy.post("/hold", "busy");
  server.await_held(1);
  RawClient late(server.address());
  late.post("/", "late");
  EXPECT_FALSE(late.readable_within(3 * kShort));
  server.answer_held();
  EXPECT_EQ(busy.read().body, "busy");
  EXPECT_EQ(late.read().body, "late");
}

TEST(HttpPlaces, SlowOnesDoNotKeepOthersOut) {
  EchoServer server({.slow_time = 4 * kShort}, 3);
  RawClient busy(server.address());
  busy.post("/hold", "busy");
  server.await_held(1);
  RawClient sends(server.address());
  sends.send("POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhel");
  RawClient takes(server.address(), 4096);
  takes.post("/big", "20000000");
  RawClient late(server.address());
  EXPECT_EQ(late.call("/", "late").body, "late");
  EXPECT_EQ(sends.read().status, 408);
  EXPECT_EQ(sends.read_to_the_end(), "");
  late.post("/hold", "late");
  server.await_held(2);
  RawClient later(server.address());
  EXPECT_EQ(later.call("/", "later").body, "later");
  EXPECT_LT(takes.read_to_the_end().size(), 20000000U);
  server.answer_held();
  EXPECT_EQ(busy.read().body, "busy") << "it waited for us, not we for it";
}

TEST(HttpPlaces, WhoHasJustSpokenOrConnectedKeepsItsPlace) {
  EchoServer server({.quiet_time = std::chrono::hours(1)}, 2);
  RawClient fresh(server.address());
  RawClient served(server.address());
  served.call("/", "x");
  RawClient late(server.address());
  late.post("/", "late");
  EXPECT_FALSE(late.readable_within(3 * kShort));
  EXPECT_EQ(fresh.call("/", "x").body, "x");
  served.cut();
  EXPECT_EQ(late.read().body, "late");
}

TEST(HttpPlaces, SilentOnesDoNotKeepOthersOut) {
  EchoServer server({}, 4);
  std::deque<RawClient> silent;
  for (int i = 0; i < 200; ++i) silent.emplace_back(server.address());
  RawClient speaks(server.address());
  EXPECT_EQ(speaks.call("/", "x").body, "x");
}

}  // namespace
}  // namespace ceiling::frontend
