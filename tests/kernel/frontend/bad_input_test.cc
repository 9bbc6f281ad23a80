// A frontend that is fed nonsense closes that connection, says so, and goes on.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>

#include <deque>
#include <functional>

#include "tests/kernel/frontend/fake_member.h"
#include "tests/kernel/frontend/http_client.h"
#include "tests/kernel/frontend/small_fleet.h"

namespace ceiling::testing_programs {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;

std::string frame(const std::function<void(wire::Envelope&)>& fill) {
  wire::Envelope envelope;
  fill(envelope);
  return wire::encode(envelope);
}

std::string hello(const std::string& token, wire::Role role = wire::ROLE_FRONTEND) {
  return frame([&](wire::Envelope& envelope) {
    envelope.mutable_hello()->set_token(token);
    envelope.mutable_hello()->set_role(role);
    envelope.mutable_hello()->set_name("frontend-7");
  });
}

struct Bad {
  const char* name;
  std::string bytes;
  const char* logged;
  bool told = false;  ///< the reason is said to the sender too
};

void PrintTo(const Bad& bad, std::ostream* out) {
  *out << bad.name;
}

const std::string kLeave = frame([](wire::Envelope& e) { e.mutable_leave(); });

const std::vector<Bad> kBroken = {
    {"Garbage", "GET / HTTP/1.1\r\n\r\n", "not a frame of this protocol"},
    {"WrongVersion", "CL\0\2\0\0\0\1x"s, "protocol version 2, expected 1"},
    {"FourGigabytes", "CL\0\1\xff\xff\xff\xff"s, "message of 4294967295 bytes, at most 4194304"},
    {"CutHeader", "CL\0"s, "cut inside a header"},
    {"CutBody", "CL\0\1\0\0\0\x64 only this"s, "cut after 10 of 100 bytes"},
    {"NoMessage", "CL\0\1\0\0\0\4\xff\xff\xff\xff"s, "4 bytes that are no message", true},
    {"EmptyMessage", "CL\0\1\0\0\0\0"s, "empty message", true},
};

std::vector<Bad> broken_and(std::vector<Bad> more) {
  more.insert(more.begin(), kBroken.begin(), kBroken.end());
  return more;
}

class FrontendBadInput : public testing::TestWithParam<Bad> {
 protected:
  FrontendBadInput() {
    fleet_.add();
    fleet_.add();
    fleet_.complete(1, 1);
    peers_ = fleet_.complete(0, 1).peer_address();
  }

  // Sends it, and sees that the first frontend closes the connection, says why, and counts it.
  void feed(const std::string& where) {
    const Peer bad(where);
    bad.send_bytes(GetParam().bytes);
    bad.cut();
    EXPECT_EQ(bad.read_to_the_end(), GetParam().told ? GetParam().logged : "");
    EXPECT_THAT(fleet_.frontend(0).wait_for_log(GetParam().logged),
                HasSubstr("connection closed: "s + GetParam().logged));
    EXPECT_EQ(fleet_.status(0).protocol_errors(), 1U);
  }

  // It still hears a slice from each of its peers, and they one from it.
  void expect_the_rest_goes_on() {
    fleet_.add();
    for (std::size_t i = 0; i < 3; ++i) {
      EXPECT_EQ(fleet_.complete(i, 2).map().routes_size(), 4);
      EXPECT_EQ(fleet_.frontend(i).tasks(), 5U);
    }
  }

  SmallFleet fleet_{2};
  std::string peers_;
};

class OnThePeerPort : public FrontendBadInput {};

TEST_P(OnThePeerPort, ClosesThatConnectionAndNothingElse) {
  feed(peers_);
  expect_the_rest_goes_on();
}

INSTANTIATE_TEST_SUITE_P(
    Of, OnThePeerPort,
    testing::ValuesIn(broken_and(
        {{"WrongToken", hello("another token"), "hello with a wrong token", true},
         {"NoToken", hello(""), "hello with a wrong token", true},
         {"NoHello", kLeave, "the first message is not hello", true},
         {"NoFrontend", hello(kToken, wire::ROLE_CLIENT), "expected a frontend", true},
         {"HelloTwice", hello(kToken) + hello(kToken), "expected nothing after hello", true},
         {"OutOfPlace", hello(kToken) + kLeave, "expected nothing after hello", true}})),
    [](const auto& bad) { return std::string(bad.param.name); });

// They take the places that strangers may have, and then those that peers wait for.
TEST(SilentStrangers, DoNotKeepPeersOut) {
  SmallFleet fleet(2);
  fleet.add();
  fleet.add();
  fleet.complete(1, 1);
  const std::string peers = fleet.complete(0, 1).peer_address();
  std::deque<Peer> strangers;
  for (int i = 0; i < 12; ++i) strangers.emplace_back(peers);
  fleet.add();
  EXPECT_EQ(fleet.complete(2, 2).map().routes_size(), 4);
  EXPECT_THAT(fleet.frontend(0).wait_for_log("said nothing"),
              HasSubstr("peer connection closed: said nothing"));
}

class OnTheStatusSocket : public FrontendBadInput {};

TEST_P(OnTheStatusSocket, ClosesThatConnectionAndNothingElse) {
  feed(fleet_.status_of(0));
  expect_the_rest_goes_on();
}

INSTANTIATE_TEST_SUITE_P(Of, OnTheStatusSocket,
                         testing::ValuesIn(broken_and({{"OutOfPlace", kLeave,
                                                        "expected a status request", true}})),
                         [](const auto& bad) { return std::string(bad.param.name); });

/// A member of the fleet that says nonsense where its slice is expected.
class FromAPeer : public testing::TestWithParam<Bad> {};

TEST_P(FromAPeer, EndsThatConnectionUntilThePeerSpeaksSense) {
  SmallFleet fleet(3);
  Program& frontend = fleet.add();
  fleet.add();
  FakeMember fake(fleet.membership(), "fake");
  const auto nonsense = fake.accept("frontend-1");
  nonsense->send_bytes(GetParam().bytes);
  nonsense->cut();
  EXPECT_THAT(frontend.wait_for_log(GetParam().logged), HasSubstr("fake: "s + GetParam().logged));
  nonsense->read_to_the_end();
  fake.accept("frontend-1")->send(fake.slice(1));
  fake.accept("frontend-2")->send(fake.slice(1));
  for (std::size_t i = 0; i < 2; ++i) {
    const wire::Status status = fleet.complete(i, 1);
    EXPECT_EQ(status.threads(), 5U) << "the same thread has connected again";
  }
}

std::string slice(const std::string& sender, std::uint32_t part, std::uint64_t checksum) {
  return frame([&](wire::Envelope& envelope) {
    wire::Slice& slice = *envelope.mutable_slice();
    slice.set_version(1);
    slice.set_sender(sender);
    slice.set_part(part);
    slice.set_checksum(checksum);
  });
}

INSTANTIATE_TEST_SUITE_P(
    Of, FromAPeer,
    testing::Values(Bad{"Garbage", "GET / HTTP/1.1\r\n\r\n", "not a frame of this protocol"},
                    Bad{"WrongVersion", "CL\0\2\0\0\0\1x"s, "protocol version 2, expected 1"},
                    Bad{"FourGigabytes", "CL\0\1\xff\xff\xff\xff"s,
                        "message of 4294967295 bytes, at most 4194304"},
                    Bad{"CutHeader", "CL\0"s, "cut after 3 of 8 bytes"},
                    Bad{"CutBody", "CL\0\1\0\0\0\x64 only this"s, "cut after 10 of 100 bytes"},
                    Bad{"CutAfterHeader", "CL\0\1\0\0\0\x64"s, "cut after the header"},
                    Bad{"NoMessage", "CL\0\1\0\0\0\4\xff\xff\xff\xff"s,
                        "4 bytes that are no message"},
                    Bad{"OutOfPlace", kLeave, "expected a slice"},
                    Bad{"AnothersSlice", slice("frontend-2", 0, 0), "a slice of frontend-2 part 0"},
                    Bad{"AnotherPart", slice("fake", 1, 0), "a slice of fake part 1"},
                    Bad{"WrongChecksum", slice("fake", 0, 1), "a slice whose checksum is wrong"}),
    [](const auto& bad) { return std::string(bad.param.name); });

class OnTheHttpPort : public FrontendBadInput {};

TEST_P(OnTheHttpPort, ClosesThatConnectionAndNothingElse) {
  const std::string http = fleet_.status(0).http_address();
  HttpClient other(http);
  const std::string record = R"({"StreamName":"orders","PartitionKey":"a","Data":"eA=="})";
  EXPECT_EQ(other.call("PutRecord", record).status, 200);
  HttpClient bad(http);
  bad.send_bytes(GetParam().bytes);
  bad.cut();
  if (GetParam().told) {
    const auto answer = bad.read();
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.type(), "SerializationException");
  }
  EXPECT_TRUE(bad.closed());
  EXPECT_THAT(fleet_.frontend(0).wait_for_log(GetParam().logged),
              HasSubstr("http connection closed: "s + GetParam().logged));
  EXPECT_EQ(other.call("PutRecord", record).status, 200);
  expect_the_rest_goes_on();
}

INSTANTIATE_TEST_SUITE_P(
    Of, OnTheHttpPort,
    testing::Values(
        Bad{"Garbage", "\x16\x03\x01 not HTTP at all\r\n\r\n"s, "bad ", true},
        Bad{"WrongVersion", "POST / HTTP/9.9\r\n\r\n", "bad version", true},
        Bad{"Frame", hello(kToken), "bad ", true},
        Bad{"FourGigabytes", "POST / HTTP/1.1\r\nContent-Length: 99999999999999999999\r\n\r\n",
            "bad Content-Length", true},
        Bad{"CutHeader", "POST / HTTP/1.1\r\nX-Amz", "partial message"},
        Bad{"CutBody", "POST / HTTP/1.1\r\nContent-Length: 100\r\n\r\n{", "partial message"}),
    [](const auto& bad) { return std::string(bad.param.name); });

}  // namespace
}  // namespace ceiling::testing_programs
