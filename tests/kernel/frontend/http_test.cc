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

json iterator(const std::string& text) {
  return {{"ShardIterator", text}};
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
  EXPECT_EQ(put.body, (json{{"ShardId", "shardId-000000000000"}, {"SequenceNumber", "1"}}));
  EXPECT_EQ(one.call("PutRecord", record("b", "d29ybGQ=")).body.at("ShardId"),
            "shardId-000000000002");
  EXPECT_EQ(other.call("PutRecord", record("a", "")).body.at("SequenceNumber"), "2");

  const auto got = other.call("GetRecords", iterator("orders/0/1"));
  ASSERT_EQ(got.status, 200) << got.body;
  const json first = {{"Data", "aGVsbG8="}, {"PartitionKey", "a"}, {"SequenceNumber", "1"}};
  const json second = {{"Data", ""}, {"PartitionKey", "a"}, {"SequenceNumber", "2"}};
  EXPECT_EQ(got.body, (json{{"Records", {first, second}}, {"NextShardIterator", "orders/0/3"}}));
  const json limited = {{"ShardIterator", "orders/0/1"}, {"Limit", 1}};
  EXPECT_EQ(one.call("GetRecords", limited).body,
            (json{{"Records", {first}}, {"NextShardIterator", "orders/0/2"}}));
  EXPECT_EQ(one.call("GetRecords", iterator("orders/0/3")).body,
            (json{{"Records", json::array()}, {"NextShardIterator", "orders/0/3"}}));
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
    return client.call("/", body.dump(),
                       {{"x-amz-target", "Kinesis_20131202." + operation},
                        {"authorization", HttpClient::bearer(kToken)}});
  };
  const auto& put = call("PutRecord", record("a", "aGVsbG8="));
  EXPECT_EQ(put.status, 200);
  EXPECT_EQ(json::parse(put.body),
            (json{{"ShardId", "shardId-000000000000"}, {"SequenceNumber", "1"}}));
  EXPECT_EQ(json::parse(call("GetRecords", iterator("orders/0/1")).body).at("Records").size(), 1U);
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

TEST_F(FrontendHttp, WithoutTheTokenNothingIsServed) {
  const std::string body = record("a", "eA==").dump();
  HttpClient client(address_);
  const auto missing = client.call("PutRecord", body, "");
  EXPECT_EQ(missing.status, 403);
  EXPECT_EQ(missing.type(), "MissingAuthenticationTokenException");
  const std::string token = kToken;
  for (const std::string& wrong : {HttpClient::bearer("another"), HttpClient::bearer(token + "x"),
                                   HttpClient::bearer(""), "Basic " + token, token}) {
    const auto refused = client.call("PutRecord", body, wrong);
    EXPECT_EQ(refused.status, 403) << wrong;
    EXPECT_EQ(refused.type(), "UnrecognizedClientException") << wrong;
  }
  EXPECT_EQ(client.call("GetRecords", iterator("orders/0/1")).body.at("Records"), json::array())
      << "nothing was stored";
}

struct Bad {
  const char* operation;
  std::string body;
  const char* type;
  const char* message;
};

TEST_F(FrontendHttp, ABadRequestIsAnsweredByWhatIsWrong) {
  const std::string good = R"("StreamName":"orders","PartitionKey":"a")";
  const std::string long_key(257, 'k');
  const std::vector<Bad> all = {
      {"DeleteStream", "{}", "UnknownOperationException", "DeleteStream is not served"},
      {"", "{}", "UnknownOperationException", "is not served"},
      {"PutRecord", "", "SerializationException", "no JSON object"},
      {"PutRecord", "{\"StreamName\":", "SerializationException", "no JSON object"},
      {"PutRecord", "[]", "SerializationException", "no JSON object"},
      {"PutRecord", "{}", "ValidationException", "StreamName is missing"},
      {"PutRecord", R"({"StreamName":7})", "SerializationException", "StreamName is no string"},
      {"PutRecord", "{" + good + "}", "ValidationException", "Data is missing"},
      {"PutRecord", "{" + good + R"(,"Data":"a"})", "SerializationException", "no base64"},
      {"PutRecord", "{" + good + R"(,"Data":"????"})", "SerializationException", "no base64"},
      {"PutRecord", "{" + good + R"(,"Data":"eA=x"})", "SerializationException", "no base64"},
      {"PutRecord", "{" + good + R"(,"Data":"===="})", "SerializationException", "no base64"},
      {"PutRecord", "{" + good + R"(,"Data":"  eA"})", "SerializationException", "no base64"},
      {"PutRecord", record("", "eA==").dump(), "ValidationException", "PartitionKey"},
      {"PutRecord", record(long_key, "eA==").dump(), "ValidationException", "PartitionKey"},
      {"PutRecord", record("a", std::string(1398104, 'A')).dump(), "ValidationException",
       "at most 1 MiB"},
      {"GetRecords", "{}", "ValidationException", "ShardIterator is missing"},
      {"GetRecords", iterator("orders").dump(), "ValidationException", "none of ours"},
      {"GetRecords", iterator("orders/-1/1").dump(), "ValidationException", "none of ours"},
      {"GetRecords", iterator("orders/0/99999999999999999999").dump(), "ValidationException",
       "none of ours"},
      {"GetRecords", R"({"ShardIterator":"orders/0/1","Limit":0})", "ValidationException", "Limit"},
      {"GetRecords", R"({"ShardIterator":"orders/0/1","Limit":"1"})", "ValidationException",
       "Limit"},
  };
  HttpClient client(address_);
  for (const Bad& bad : all) {
    const auto answer = client.call(bad.operation, bad.body);
    EXPECT_EQ(answer.status, 400) << bad.body.substr(0, 100);
    EXPECT_EQ(answer.type(), bad.type) << bad.body.substr(0, 100);
    EXPECT_THAT(answer.message(), HasSubstr(bad.message)) << bad.body.substr(0, 100);
  }
  EXPECT_EQ(client.call("GetRecords", iterator("orders/0/1")).body.at("Records"), json::array())
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

TEST_F(FrontendHttp, WhatTheMapDoesNotRouteIsAFailureOfTheServer) {
  HttpClient client(address_);
  json elsewhere = record("a", "eA==");
  elsewhere["StreamName"] = "nothing";
  for (const auto& answer :
       {client.call("PutRecord", elsewhere), client.call("GetRecords", iterator("orders/4/1")),
        client.call("GetRecords", iterator("nothing/0/1"))}) {
    EXPECT_EQ(answer.status, 500);
    EXPECT_EQ(answer.type(), "InternalFailure");
    EXPECT_THAT(answer.message(), HasSubstr("no route in the shard-map"));
  }
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
