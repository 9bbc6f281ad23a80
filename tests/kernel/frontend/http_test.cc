#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <algorithm>
#include <chrono>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "cgroups/descriptor.h"
#include "tests/kernel/frontend/http_client.h"
#include "tests/kernel/frontend/small_fleet.h"
#include "tests/unit/frontend/http2_client.h"
#include "workload/protocol/connection.h"

namespace ceiling::testing_programs {
namespace {

using nlohmann::json;
using testing::HasSubstr;

json record(const std::string& key, const std::string& data) {
  return {{"StreamName", "orders"}, {"PartitionKey", key}, {"Data", data}};
}

json iterator(std::uint64_t sequence, std::uint32_t shard = 0) {
  return {{"ShardIterator", iterator_at("orders", shard, sequence)}};
}

/// A page without what differs each time; `next` gets where its iterator points.
json page_of(json body, std::uint64_t* next = nullptr) {
  const auto iterator = open_iterator(body.value("NextShardIterator", ""), kToken);
  EXPECT_TRUE(iterator && iterator->stream == "orders" && iterator->account == kFleetAccount);
  if (next != nullptr && iterator) *next = iterator->sequence;
  body.erase("NextShardIterator");
  for (json& record : body.at("Records")) {
    EXPECT_GT(record.value("ApproximateArrivalTimestamp", 0.0), 1.7e9);
    record.erase("ApproximateArrivalTimestamp");
  }
  return body;
}

json page(const json& records, std::uint64_t behind = 0) {
  return {{"Records", records}, {"MillisBehindLatest", behind}};
}

/// Two frontends; requests go to the first.
class FrontendHttp : public testing::Test {
 protected:
  FrontendHttp() {
    fleet_.add();
    fleet_.add();
    fleet_.complete(1, 1);
    address_ = fleet_.complete(0, 1).http_address();
  }
  void expect_still_serving() {
    EXPECT_EQ(HttpClient(address_).call("PutRecord", record("key", "eA==")).status, 200);
  }

  SmallFleet fleet_{2};
  std::string address_;
};

TEST_F(FrontendHttp, ARecordIsReadBackThroughAnotherFrontend) {
  HttpClient one(address_);
  HttpClient other(fleet_.status(1).http_address());
  // MD5("a") begins with 0c, MD5("b") with 92: the first and the third of four shards.
  const auto put = one.call("PutRecord", record("a", "aGVsbG8="));
  ASSERT_EQ(put.status, 200) << put.body;
  EXPECT_EQ(put.body, (json{{"ShardId", "shardId-000000000000"},
                            {"SequenceNumber", "1"},
                            {"EncryptionType", "NONE"}}));
  EXPECT_EQ(one.call("PutRecord", record("b", "d29ybGQ=")).body.at("ShardId"),
            "shardId-000000000002");
  EXPECT_EQ(other.call("PutRecord", record("a", "")).body.at("SequenceNumber"), "2");

  const auto got = other.call("GetRecords", iterator(1));
  ASSERT_EQ(got.status, 200) << got.body;
  const json first = {{"Data", "aGVsbG8="},
                      {"PartitionKey", "a"},
                      {"SequenceNumber", "1"},
                      {"EncryptionType", "NONE"}};
  const json second = {
      {"Data", ""}, {"PartitionKey", "a"}, {"SequenceNumber", "2"}, {"EncryptionType", "NONE"}};
  std::uint64_t next = 0;
  EXPECT_EQ(page_of(got.body, &next), page({first, second}));
  EXPECT_EQ(next, 3U);
  json limited = iterator(1);
  limited["Limit"] = 1;
  const json one_of_two = one.call("GetRecords", limited).body;
  EXPECT_EQ(page_of(one_of_two, &next).at("Records"), json::array({first}));
  EXPECT_GE(one_of_two.at("MillisBehindLatest"), 1) << "there is more";
  EXPECT_EQ(next, 2U);
  EXPECT_EQ(page_of(one.call("GetRecords", iterator(3)).body, &next), page(json::array()));
  EXPECT_EQ(next, 3U);
}

TEST_F(FrontendHttp, OneConnectionServesManyRequestsUntilAskedToClose) {
  HttpClient client(address_);
  for (int i = 1; i <= 50; ++i) {
    const auto put = client.call("PutRecord", record("a", "eA=="));
    EXPECT_EQ(put.status, 200);
    EXPECT_TRUE(put.keep_alive);
    EXPECT_EQ(put.body.at("SequenceNumber"), std::to_string(i));
  }
  EXPECT_EQ(client.call("Nonsense", json::object()).status, 400);
  EXPECT_EQ(client.call("PutRecord", record("a", "eA==")).status, 200);
  client.send_bytes("POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
  EXPECT_FALSE(client.read().keep_alive);
  EXPECT_TRUE(client.closed());
}

TEST_F(FrontendHttp, HTTP2IsServedOnTheSamePort) {
  frontend::Http2Client client(address_);
  const auto call = [&](const std::string& operation, const json& body) -> const auto& {
    Headers headers = signed_headers("here", operation, body.dump());
    headers.erase(headers.begin());  // :authority stands for it
    return client.call("/", body.dump(), headers);
  };
  const auto& put = call("PutRecord", record("a", "aGVsbG8="));
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(json::parse(put.body).at("SequenceNumber"), "1");
  EXPECT_EQ(json::parse(call("GetRecords", iterator(1)).body).at("Records").size(), 1U);
  EXPECT_EQ(call("Nonsense", json::object()).status, 400);
  EXPECT_EQ(HttpClient(address_).call("PutRecord", record("a", "eA==")).status, 200);
}

TEST_F(FrontendHttp, TheClientWithoutAPlaceTakesThatOfTheLongestIdle) {
  std::deque<HttpClient> clients;
  for (int i = 0; i < 64; ++i) {
    EXPECT_EQ(clients.emplace_back(address_).call("PutRecord", record("key", "eA==")).status, 200);
  }
  HttpClient late(address_);
  EXPECT_EQ(late.call("PutRecord", record("key", "eA==")).status, 200);
  EXPECT_TRUE(clients.front().closed());
  clients.pop_front();
  for (HttpClient& client : clients) {
    EXPECT_EQ(client.call("PutRecord", record("key", "eA==")).status, 200);
  }
}

/// A line of /proc/PID/status, in kB.
long status_line(pid_t pid, const std::string& name) {
  std::ifstream status("/proc/" + std::to_string(pid) + "/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with(name + ":")) return std::stol(line.substr(name.size() + 1));
  }
  return 0;
}

std::size_t descriptors(pid_t pid) {
  const std::filesystem::directory_iterator all("/proc/" + std::to_string(pid) + "/fd");
  return static_cast<std::size_t>(std::distance(begin(all), end(all)));
}

/// Opens that many connections that say nothing, as far as RLIMIT_NOFILE goes.
std::vector<Descriptor> idle_connections(const std::string& address, std::size_t count) {
  rlimit files{};
  ::getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  ::setrlimit(RLIMIT_NOFILE, &files);
  count = std::min<std::size_t>(count, files.rlim_cur - 200);
  const auto endpoint = wire::endpoint_of(address);
  std::vector<Descriptor> all;
  while (all.size() < count) {
    all.emplace_back(::socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    ::connect(all.back().get(), endpoint.data(), static_cast<socklen_t>(endpoint.size()));
  }
  for (const Descriptor& one : all) {
    pollfd connected{one.get(), POLLOUT, 0};
    EXPECT_EQ(::poll(&connected, 1, 30000), 1);
  }
  return all;
}

TEST_F(FrontendHttp, TenThousandIdleConnectionsCostOthersNothing) {
  HttpClient before(address_);
  EXPECT_EQ(before.call("PutRecord", record("key", "eA==")).status, 200);
  const pid_t pid = fleet_.frontend(0).pid();
  const std::size_t tasks = fleet_.frontend(0).tasks();
  const std::size_t in_use = descriptors(pid);
  const long mapped = status_line(pid, "VmSize");
  const long resident = status_line(pid, "VmRSS");
  const auto idle = idle_connections(address_, 10000);
  for (int i = 0; i < 10; ++i) expect_still_serving();
  EXPECT_EQ(fleet_.frontend(0).tasks(), tasks);
  // While connections come and go a listing of them may miss one.
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (descriptors(pid) != in_use && std::chrono::steady_clock::now() < until) continue;
  EXPECT_EQ(descriptors(pid), in_use);
  EXPECT_EQ(status_line(pid, "VmSize"), mapped);
  EXPECT_LT(status_line(pid, "VmRSS"), resident + 1024);
}

TEST_F(FrontendHttp, WhatIsNotSignedAsItMustBeIsNotServed) {
  const std::string body = record("a", "eA==").dump();
  HttpClient client(address_);
  const auto now = std::chrono::system_clock::now();
  const auto refused = [&](const std::string& sent, const Headers& headers) {
    client.send(sent, headers);
    const auto answer = client.read();
    EXPECT_EQ(answer.status, 400) << answer.body;
    return answer.type();
  };
  const auto as_signed = [&](const Signature& how = {}) {
    return signed_headers(address_, "PutRecord", body, how);
  };
  Headers without = as_signed();
  without.pop_back();
  EXPECT_EQ(refused(body, without), "MissingAuthenticationTokenException");
  EXPECT_EQ(refused(body, as_signed({.account = "000000000002"})), "UnrecognizedClientException");
  EXPECT_EQ(refused(body, as_signed({.secret = "another"})), "InvalidSignatureException");
  EXPECT_EQ(refused(record("a", "eQ==").dump(), as_signed()), "InvalidSignatureException")
      << "another body";
  EXPECT_EQ(refused(body, as_signed({.at = now - std::chrono::minutes(10)})),
            "InvalidSignatureException");
  EXPECT_EQ(refused(body, as_signed({.at = now + std::chrono::minutes(10)})),
            "InvalidSignatureException");
  Headers bearer = without;
  bearer.emplace_back("authorization", std::string("Bearer ") + kToken);
  EXPECT_EQ(refused(body, bearer), "IncompleteSignatureException");
  Headers elsewhere = as_signed();
  elsewhere.front().second = "elsewhere:80";
  EXPECT_EQ(refused(body, elsewhere), "InvalidSignatureException");
  EXPECT_EQ(client.call("GetRecords", iterator(1)).body.at("Records"), json::array())
      << "nothing was stored";
}

struct Bad {
  const char* operation;
  std::string body;
  const char* type;
  const char* message;
};

// tests/unit/frontend/kinesis has every member; here it is seen that a client is told.
TEST_F(FrontendHttp, ABadRequestIsAnsweredByWhatIsWrong) {
  const std::vector<Bad> all = {
      {"Nonsense", "{}", "UnknownOperationException", "an operation that is served"},
      {"", "{}", "UnknownOperationException", "an operation that is served"},
      {"PutRecord", "{\"StreamName\":", "SerializationException", "no JSON"},
      {"PutRecord", "[]", "SerializationException", "expected a structure"},
      {"PutRecord", "{}", "ValidationException",
       "3 validation errors detected: Value null at 'streamName'"},
      {"PutRecord", R"({"StreamName":7})", "SerializationException",
       "streamName: expected a string"},
      {"PutRecord", record("a", "????").dump(), "SerializationException", "data is no base64"},
      {"PutRecord", record("a", std::string(1398104, 'A')).dump(), "ValidationException",
       "less than or equal to 1048576"},
      {"GetRecords", R"({"ShardIterator":"orders/0/1"})", "InvalidArgumentException",
       "Invalid ShardIterator"},
      {"GetRecords", json{{"ShardIterator", iterator_at("orders", 0, 1)}, {"Limit", 0}}.dump(),
       "ValidationException", "greater than or equal to 1"},
  };
  HttpClient client(address_);
  for (const Bad& bad : all) {
    const auto answer = client.call(bad.operation, bad.body);
    EXPECT_EQ(answer.status, 400) << bad.body.substr(0, 100);
    EXPECT_EQ(answer.type(), bad.type) << bad.body.substr(0, 100);
    EXPECT_THAT(answer.message(), HasSubstr(bad.message)) << bad.body.substr(0, 100);
  }
  EXPECT_EQ(client.call("GetRecords", iterator(1)).body.at("Records"), json::array())
      << "nothing was stored";
}

TEST_F(FrontendHttp, ARequestThatIsTooLargeIsRefusedUnread) {
  const std::string head = "POST / HTTP/1.1\r\n";
  HttpClient header(address_);
  header.send_bytes(head + "X-Filler: " + std::string(17000, 'x'));
  HttpClient body(address_);
  body.send_bytes(head + "Content-Length: 8000000\r\n\r\n");
  for (HttpClient* client : {&header, &body}) {
    const auto answer = client->read();
    EXPECT_EQ(answer.status, 413);
    EXPECT_EQ(answer.type(), "SerializationException");
    EXPECT_FALSE(answer.keep_alive);
    EXPECT_TRUE(client->closed());
  }
  expect_still_serving();
}

TEST_F(FrontendHttp, WhatIsNotThereIsNotFound) {
  HttpClient client(address_);
  json elsewhere = record("a", "eA==");
  elsewhere["StreamName"] = "nothing";
  const json deleted = {{"ShardIterator", iterator_at("nothing", 0, 1)}};
  for (const auto& answer :
       {client.call("PutRecord", elsewhere), client.call("GetRecords", deleted)}) {
    EXPECT_EQ(answer.status, 400);
    EXPECT_EQ(answer.type(), "ResourceNotFoundException");
  }
  const auto nowhere = client.call("GetRecords", iterator(1, 4));
  EXPECT_EQ(nowhere.status, 500);
  EXPECT_EQ(nowhere.type(), "InternalFailure");
  EXPECT_THAT(nowhere.message(), HasSubstr("no route in the shard-map"));
  EXPECT_EQ(client.call("PutRecord", record("a", "eA==")).status, 200);
}

TEST(FrontendWithoutAMap, AnswersEveryRequestWithAFailure) {
  SmallFleet fleet(2);
  fleet.add();
  const wire::Status alone = wait_for_status(fleet.status_of(0), [](const wire::Status& status) {
    return !status.http_address().empty();
  });
  HttpClient client(alone.http_address());
  const auto answer = client.call("PutRecord", record("a", "eA=="));
  EXPECT_EQ(answer.status, 500);
  EXPECT_EQ(answer.type(), "InternalFailure");
}

}  // namespace
}  // namespace ceiling::testing_programs
