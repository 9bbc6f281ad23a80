#include "harness/observe/client_log.h"

#include <gtest/gtest.h>

#include <vector>

#include "cgroups/error.h"

namespace ceiling {
namespace {

const std::string kPut =
    R"({"at_s":1.5,"id":1,"phase":"invoke","kind":"put","stream":"mine","key":"k"})";
const std::string kGet =
    R"({"at_s":1.5,"id":2,"phase":"invoke","kind":"get","stream":"mine","shard":3})";
const std::string kDelete =
    R"({"at_s":1.5,"id":3,"phase":"invoke","kind":"delete","stream":"mine"})";

/// What is wrong with the last of these lines.
std::string complaint(const std::vector<std::string>& lines) {
  ClientLog log("boto3");
  std::string said = "read without complaint";
  for (const std::string& line : lines) {
    said = "read without complaint";
    try {
      log.read(line);
    } catch (const Error& error) {
      said = error.what();
    }
  }
  return said;
}

TEST(ClientLog, APutIsKnownByItsInvocationAndEndsOnce) {
  ClientLog log("boto3");
  const ClientLog::Line begun = log.read(kPut);
  EXPECT_EQ(begun.at_s, 1.5);
  EXPECT_EQ(begun.op.client, "boto3");
  EXPECT_EQ(begun.op.phase, OpPhase::invoke);
  EXPECT_EQ(begun.op.shard, -1);
  const OpEvent ended =
      log.read(R"({"at_s":2,"id":1,"phase":"ok","shard":3,"sequence":18446744073709551615})").op;
  EXPECT_EQ(ended.id, 1U);
  EXPECT_EQ(ended.phase, OpPhase::ok);
  EXPECT_EQ(ended.kind, "put");
  EXPECT_EQ(ended.stream, "mine");
  EXPECT_EQ(ended.key, "k");
  EXPECT_EQ(ended.shard, 3);
  EXPECT_EQ(ended.sequence, 18446744073709551615U);
  EXPECT_EQ(complaint({kPut, R"({"at_s":2,"id":1,"phase":"unknown"})",
                       R"({"at_s":3,"id":1,"phase":"ok","shard":3,"sequence":1})"}),
            "operation 1 has ended before");
}

TEST(ClientLog, AGetHasARecordALine) {
  ClientLog log("boto3");
  EXPECT_EQ(log.read(kGet).op.shard, 3);
  for (const char* sequence : {"4", "5"}) {
    const OpEvent given =
        log.read(std::string(R"({"at_s":2,"id":2,"phase":"ok","key":"k","sequence":)") + sequence +
                 "}")
            .op;
    EXPECT_EQ(given.kind, "get");
    EXPECT_EQ(given.shard, 3);
    EXPECT_EQ(given.key, "k");
    EXPECT_EQ(std::to_string(given.sequence), sequence);
  }
}

TEST(ClientLog, TheRemovalOfAStreamEndsOnce) {
  const std::string ok = R"({"at_s":2,"id":3,"phase":"ok"})";
  EXPECT_EQ(complaint({kDelete, ok}), "read without complaint");
  EXPECT_EQ(complaint({kDelete, ok, ok}), "operation 3 has ended before");
}

TEST(ClientLog, FieldsThatItDoesNotKnowArePassedOver) {
  EXPECT_EQ(complaint({R"({"at_s":1,"id":1,"phase":"invoke","kind":"put","stream":"s","key":"k",)"
                       R"("attempt":2})"}),
            "read without complaint");
}

TEST(ClientLog, ALineThatCannotBeReadSaysWhatIsWrong) {
  EXPECT_EQ(complaint({""}), "not JSON, or cut short");
  EXPECT_EQ(complaint({"[]"}), "expected an object");
  EXPECT_EQ(complaint({"{}"}), "no field \"at_s\"");
  EXPECT_EQ(complaint({R"({"at_s":"1"})"}), "at_s: expected a number");
  EXPECT_EQ(complaint({R"({"at_s":1e999,"id":1})"}), "not JSON, or cut short");
  EXPECT_EQ(complaint({R"({"at_s":1})"}), "no field \"id\"");
  EXPECT_EQ(complaint({R"({"at_s":1,"id":-1})"}), "id: expected an integer in range");
  EXPECT_EQ(complaint({R"({"at_s":1,"id":1,"phase":"done"})"}),
            "phase: expected invoke, ok, fail or unknown, found \"done\"");
  const std::string invoke = R"({"at_s":1,"id":1,"phase":"invoke",)";
  EXPECT_EQ(complaint({invoke + R"("kind":"audit","stream":"s"})"}),
            "kind: expected put, get or delete, found \"audit\"");
  EXPECT_EQ(complaint({invoke + R"("kind":"put","stream":""})"}),
            "stream: expected 1 to 128 bytes");
  EXPECT_EQ(complaint({invoke + R"("kind":"put","stream":")" + std::string(129, 's') + "\"}"}),
            "stream: expected 1 to 128 bytes");
  EXPECT_EQ(complaint({invoke + R"("kind":"put","stream":"s"})"}), "no field \"key\"");
  EXPECT_EQ(
      complaint({invoke + R"("kind":"put","stream":"s","key":")" + std::string(1025, 'k') + "\"}"}),
      "key: expected 1 to 1024 bytes");
  EXPECT_EQ(complaint({invoke + R"("kind":"put","stream":"s","key":"k","hash_key":"0x1"})"}),
            "hash_key: expected a decimal number below 2^128");
  EXPECT_EQ(complaint({invoke + R"("kind":"get","stream":"s","shard":-1})"}),
            "shard: expected 0 or more");
}

TEST(ClientLog, WhatDoesNotFollowFromTheLinesBeforeIsRefused) {
  EXPECT_EQ(complaint({kPut, kPut}), "operation 1 has begun before");
  EXPECT_EQ(complaint({R"({"at_s":1,"id":9,"phase":"ok"})"}), "operation 9 has not begun");
  const std::string ok = R"({"at_s":2,"id":1,"phase":"ok")";
  EXPECT_EQ(complaint({kPut, ok + "}"}), "no field \"shard\"");
  EXPECT_EQ(complaint({kPut, ok + R"(,"shard":1})"}), "no field \"sequence\"");
  EXPECT_EQ(complaint({kPut, ok + R"(,"shard":1,"sequence":0})"}), "sequence: expected 1 or more");
  EXPECT_EQ(complaint({kGet, R"({"at_s":2,"id":2,"phase":"ok","sequence":1})"}),
            "no field \"key\"");
  // A line that was refused changed nothing.
  EXPECT_EQ(complaint({kPut, ok + "}", ok + R"(,"shard":1,"sequence":1})"}),
            "read without complaint");
}

}  // namespace
}  // namespace ceiling
