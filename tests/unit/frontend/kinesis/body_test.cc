#include "workload/frontend/kinesis/body.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <cmath>
#include <string>
#include <vector>

#include "workload/frontend/kinesis/api_error.h"

namespace ceiling::frontend::kinesis {
namespace {

using namespace std::string_literals;
using testing::HasSubstr;
using testing::StartsWith;

Document parsed(std::string_view operation, std::string_view body, Format format = Format::json) {
  return parse_request(body, format, *find_operation(operation));
}

/// "Type: message", or "ok".
std::string refusal(std::string_view operation, std::string_view body,
                    Format format = Format::json) {
  try {
    parsed(operation, body, format);
    return "ok";
  } catch (const ApiError& error) {
    EXPECT_EQ(error.status, 400);
    return error.type + ": " + error.message;
  }
}

std::string cbor(const Document& document) {
  return write_answer(document, Format::cbor);
}

const std::string kNoCbor =
    "SerializationException: the body is no CBOR of a request: cut, too deep, or too many values";
const std::string kTooMuchJson =
    "SerializationException: the body is no JSON of a request: too deep, or too many values";
constexpr std::string_view kPut =
    R"({"StreamName":"orders","PartitionKey":"k\u00e9y \\ \"","Data":"AAEC/w=="})";

TEST(Body, IsReadInBothFormats) {
  const Document want = {{"StreamName", "orders"},
                         {"PartitionKey", "kéy \\ \""},
                         {"Data", Document::binary({0, 1, 2, 255})}};
  EXPECT_EQ(parsed("PutRecord", kPut), want);
  EXPECT_EQ(parsed("PutRecord", cbor(want), Format::cbor), want);
}

TEST(Body, AnEmptyOneIsARequestWithoutMembers) {
  EXPECT_EQ(parsed("ListStreams", ""), Document::object());
  EXPECT_EQ(parsed("ListStreams", "", Format::cbor), Document::object());
}

TEST(Body, CutAnywhereItIsRefused) {
  const std::string json(kPut);
  const std::string bytes = cbor(parsed("PutRecord", kPut));
  for (std::size_t size = 1; size < json.size(); ++size) {
    EXPECT_EQ(refusal("PutRecord", json.substr(0, size)),
              "SerializationException: the body is no JSON")
        << size;
  }
  for (std::size_t size = 1; size < bytes.size(); ++size) {
    EXPECT_EQ(refusal("PutRecord", bytes.substr(0, size), Format::cbor), kNoCbor) << size;
  }
}

TEST(Body, MalformedJsonIsRefused) {
  for (const std::string& body : {"x"s,
                                  "{"s,
                                  "}"s,
                                  "{}}"s,
                                  "{} {}"s,
                                  "{\"Limit\":}"s,
                                  "{\"Limit\":1,}"s,
                                  "{Limit:1}"s,
                                  "{'Limit':1}"s,
                                  "{\"Limit\":01}"s,
                                  "{\"Limit\":+1}"s,
                                  "{\"Limit\":1.}"s,
                                  "{\"Limit\":NaN}"s,
                                  "{\"Limit\":Infinity}"s,
                                  "{\"Limit\":1e400}"s,
                                  "{\"Limit\":-1e400}"s,
                                  "{\"a\":\"\n\"}"s,
                                  "{\"a\":\"\\x\"}"s,
                                  "{\"a\":\"\\ud800\"}"s,
                                  "{\"a\":\"\\udc00\\ud800\"}"s,
                                  "{\"a\":\"\\ud800x\"}"s,
                                  "{\"a\":\"\\u12\"}"s,
                                  "{\"a\":\"\xff\"}"s,
                                  "{\"a\":\"\xc0\x80\"}"s,
                                  "{\"a\":\"\xed\xa0\x80\"}"s,
                                  "{\"a\":\"\xc3\"}"s,
                                  "\xff\xfe"s,
                                  "{}\0"s,
                                  "{/**/}"s}) {
    EXPECT_EQ(refusal("ListStreams", body), "SerializationException: the body is no JSON") << body;
  }
}

TEST(Body, WhatIsNoObjectIsRefused) {
  for (const char* body : {"[]", "1", "null", "true", "\"x\"", "1e9", "[{}]"}) {
    EXPECT_EQ(refusal("ListStreams", body),
              "SerializationException: the body: expected a structure")
        << body;
  }
  for (const Document& body : {Document::array(), Document(1), Document(nullptr), Document("x"),
                               Document::binary({1}), Document(true)}) {
    EXPECT_EQ(refusal("ListStreams", cbor(body), Format::cbor),
              "SerializationException: the body: expected a structure")
        << body;
  }
}

TEST(Body, MalformedCborIsRefused) {
  for (const std::string& body : {
           "\xff"s,                   // a break alone
           "\xa1"s,                   // members announced, none there
           "\xa0\xa0"s,               // two values
           "\xbf\xa0"s,               // never ends
           "\xa1\x61x\xff"s,          // a break for a value
           "\xbf\x61x\xc1\xff\xff"s,  // a tag of a break
           "\xa1\x61x\xc1"s,          // a tag of nothing
           "\x9f\x1f\xff"s,           // an integer of indefinite length
           "\xdf\x00"s,               // a tag of indefinite length
           "\x1c"s,
           "\x3d"s,
           "\xfe"s,                                  // reserved
           "\x7f\x41x\xff"s,                         // bytes in a text
           "\x5f\x5f\x41x\xff\xff"s,                 // pieces in pieces
           "\x5f\xc1\x41x\xff"s,                     // a tag in pieces
           "\x3b\xff\xff\xff\xff\xff\xff\xff\xff"s,  // -2^64
           "\x5b\xff\xff\xff\xff\xff\xff\xff\xff"s,  // long
           "\x7b\x7f\xff\xff\xff\xff\xff\xff\xff"s,
           "\x9b\xff\xff\xff\xff\xff\xff\xff\xff"s,
           "\xbb\xff\xff\xff\xff\xff\xff\xff\xff"s,
           "\xbb\x80\x00\x00\x00\x00\x00\x00\x00"s,
           "\x9a\xff\xff\xff\xff\x00"s,
           "\x5a\xff\xff\xff\xff\x00"s,
       }) {
    EXPECT_EQ(refusal("ListStreams", body, Format::cbor), kNoCbor) << testing::PrintToString(body);
  }
  for (const std::string& body : {
           "\xbf\x61x\xff"s,  // a name without a value
           "\xa1\x01\x01"s,   // a name that is a number
           "\xa1\x41x\x01"s,  // or bytes
           "\xa1\x61x\xf7"s,  // undefined
           "\xa1\x61x\xe0"s,  // a simple value
       }) {
    EXPECT_EQ(refusal("ListStreams", body, Format::cbor),
              "SerializationException: the body is no CBOR")
        << testing::PrintToString(body);
  }
}

std::string repeated(std::string_view piece, std::size_t bytes) {
  std::string text;
  text.reserve(bytes + piece.size());
  while (text.size() < bytes) text += piece;
  return text;
}

// None of these may cost more than to look at it, and the parser of CBOR recurses.
TEST(Body, DeepOrManyValuesAreRefusedAtOnce) {
  constexpr std::size_t kMost = 7 << 20;
  const auto begin = std::chrono::steady_clock::now();
  for (const char* piece : {"[", "{", "{\"a\":", "[[", "[]", ",", "[1,", "\\", "\"a\","}) {
    EXPECT_THAT(refusal("ListStreams", repeated(piece, 10'000'000)),
                StartsWith("SerializationException: the body is no JSON"))
        << piece;
  }
  EXPECT_EQ(refusal("ListStreams", repeated("[", 10'000'000)), kTooMuchJson);
  EXPECT_EQ(refusal("ListStreams", "{\"a\":[1" + repeated(",1", kMost) + "]}"), kTooMuchJson);
  for (const std::string& piece :
       {"\x81"s, "\x9f"s, "\xa1\x61x"s, "\xbf\x61x"s, "\xc1"s, "\xd8\x20"s, "\x5f"s, "\x7f"s,
        "\x9f\x80"s, "\x80"s, "\x81\xc1"s, "\x9b\0\0\0\0\0\x6f\0\0"s,
        // A double of ones only is no break.
        "\x9f\xfb\xff\xff\xff\xff\xff\xff\xff\xff"s}) {
    EXPECT_EQ(refusal("ListStreams", repeated(piece, kMost), Format::cbor), kNoCbor)
        << testing::PrintToString(piece);
    EXPECT_EQ(refusal("ListStreams", "\x9f" + repeated(piece, kMost) + "\xff", Format::cbor),
              kNoCbor)
        << testing::PrintToString(piece);
  }
  EXPECT_EQ(
      refusal("ListStreams", "\xbf\x61x\x7f" + repeated("\x60", kMost) + "\xff\xff", Format::cbor),
      "ok")
      << "a text in seven million pieces is long, not deep";
  // 0.5 s in a release build, 18 s without optimisation under sanitizers.
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(90));
}

TEST(Body, ABreakIsNoDoubleOfOnesOnly) {
  const std::string nan = "\xfb"s + std::string(8, '\xff');
  EXPECT_EQ(refusal("ListStreams", "\xbf\x61x\x9f" + nan + "\xff\xff", Format::cbor), "ok");
  // Seen as a break it would close what stays open, and the parser would go deeper with each.
  EXPECT_EQ(refusal("ListStreams", "\x9f" + repeated("\x9f" + nan, 40'000) + "\xff", Format::cbor),
            kNoCbor);
}

TEST(Body, SixteenDeepIsReadSeventeenIsNot) {
  const auto json = [](std::size_t depth) {
    return R"({"a":)" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  EXPECT_EQ(refusal("ListStreams", json(16)), "ok");
  EXPECT_EQ(refusal("ListStreams", json(17)), kTooMuchJson);
  const auto bytes = [](std::size_t depth) {
    return "\xa1\x61x" + std::string(depth - 1, '\x81') + "\x01";
  };
  EXPECT_EQ(refusal("ListStreams", bytes(16), Format::cbor), "ok");
  EXPECT_EQ(refusal("ListStreams", bytes(17), Format::cbor), kNoCbor);
}

TEST(Body, BracketsInTextAreText) {
  EXPECT_EQ(refusal("ListStreams", "{\"a\":\"" + std::string(100, '[') + "\\\"" +
                                       std::string(20'000, ',') + "\"}"),
            "ok");
}

TEST(Body, TheLastOfTwoMembersOfOneNameCounts) {
  EXPECT_EQ(parsed("ListStreams", R"({"Limit":1,"Limit":2})"), (Document{{"Limit", 2}}));
  EXPECT_EQ(parsed("ListStreams", "\xa2\x65Limit\x01\x65Limit\x02", Format::cbor),
            (Document{{"Limit", 2}}));
}

TEST(Body, IntegersHaveThirtyTwoBits) {
  const std::string wrong = "SerializationException: limit: expected an integer";
  for (const char* number : {"2147483648", "-2147483649", "4294967297", "9223372036854775808",
                             "18446744073709551617", "1.0", "1e0", "-0.0", "\"1\""}) {
    EXPECT_EQ(refusal("ListStreams", R"({"Limit":)"s + number + "}"), wrong) << number;
  }
  EXPECT_THAT(refusal("ListStreams", R"({"Limit":2147483647})"),
              HasSubstr("Value '2147483647' at 'limit' failed to satisfy constraint: Member must "
                        "have value less than or equal to 10000"));
  EXPECT_THAT(refusal("ListStreams", R"({"Limit":-2147483648})"),
              HasSubstr("Value '-2147483648' at 'limit' failed to satisfy constraint: Member must "
                        "have value greater than or equal to 1"));
  for (const std::string& number :
       {"\x1a\x80\0\0\0"s, "\x1b\0\0\0\1\0\0\0\1"s, "\x1b\xff\xff\xff\xff\xff\xff\xff\xff"s,
        "\x3a\x80\0\0\0"s, "\x3b\x7f\xff\xff\xff\xff\xff\xff\xff"s, "\xf9\x3c\0"s}) {
    EXPECT_EQ(refusal("ListStreams", "\xa1\x65Limit" + number, Format::cbor), wrong)
        << testing::PrintToString(number);
  }
  EXPECT_EQ(parsed("ListStreams", "\xa1\x65Limit\x1b\0\0\0\0\0\0\0\x05"s, Format::cbor),
            (Document{{"Limit", 5}}));
}

TEST(Body, TimestampsAreSecondsInJsonAndMillisecondsInCbor) {
  const auto json = [](const std::string& number) {
    return parsed("ListShards", R"({"StreamCreationTimestamp":)" + number + "}")
        .at("StreamCreationTimestamp");
  };
  EXPECT_EQ(json("1767323045.678"), 1767323045678);
  EXPECT_EQ(json("1.767323045678E9"), 1767323045678);
  EXPECT_EQ(json("1767323045"), 1767323045000);
  EXPECT_EQ(json("0"), 0);
  const auto binary = [](const std::string& number) {
    return "\xa1\x77StreamCreationTimestamp" + number;
  };
  for (const std::string& number : {
           "\x1b\0\0\x01\x9b\x7c\xa9\x8f\x2e"s,         // an integer
           "\xc1\x1b\0\0\x01\x9b\x7c\xa9\x8f\x2e"s,     // with tag 1, as the Java SDK writes it
           "\xd8\x01\x1b\0\0\x01\x9b\x7c\xa9\x8f\x2e"s  // the same, longer
       }) {
    EXPECT_EQ(parsed("ListShards", binary(number), Format::cbor).at("StreamCreationTimestamp"),
              1767323045678)
        << testing::PrintToString(number);
  }
  const std::string wrong = "SerializationException: streamCreationTimestamp: expected a timestamp";
  for (const char* number : {"-1", "-0.001", "253402300800", "1e300", "\"2026\"", "true"}) {
    EXPECT_EQ(refusal("ListShards", R"({"StreamCreationTimestamp":)"s + number + "}"), wrong)
        << number;
  }
  for (const double number : {std::nan(""), HUGE_VAL, -HUGE_VAL, -1.0, 1e300, 253402300800000.0}) {
    EXPECT_EQ(refusal("ListShards", cbor({{"StreamCreationTimestamp", number}}), Format::cbor),
              wrong)
        << number;
  }
}

TEST(Body, TextThatIsNoUtf8IsRefusedInCbor) {
  for (const char* text :
       {"\xff", "\xc3", "\xc0\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "a\x80"}) {
    EXPECT_EQ(refusal("PutRecord", cbor({{"PartitionKey", text}}), Format::cbor),
              "SerializationException: partitionKey is no UTF-8")
        << testing::PrintToString(text);
  }
}

TEST(Body, LengthsAreThoseOfUtf16) {
  const auto put = [](const std::string& key) {
    return refusal("PutRecord",
                   Document{{"StreamName", "a"}, {"Data", ""}, {"PartitionKey", key}}.dump());
  };
  const auto times = [](std::string_view text, int count) {
    std::string all;
    for (int i = 0; i < count; ++i) all += text;
    return all;
  };
  EXPECT_EQ(put(times("é", 256)), "ok");
  EXPECT_THAT(put(times("é", 257)), HasSubstr("length less than or equal to 256"));
  EXPECT_EQ(put(times("😀", 128)), "ok");
  EXPECT_THAT(put(times("😀", 129)), HasSubstr("length less than or equal to 256"));
}

TEST(Body, ALongValueIsShownInPartAndAsWholeCharacters) {
  const std::string name = "a" + repeated("é", 300);
  for (const Format format : {Format::json, Format::cbor}) {
    const Document body = {{"ExclusiveStartStreamName", name}};
    const std::string message =
        refusal("ListStreams", format == Format::json ? body.dump() : cbor(body), format);
    EXPECT_THAT(message, HasSubstr("Value '" + name.substr(0, 127) + "...' at"));
  }
}

TEST(Body, TenViolationsAreTold) {
  Document records = Document::array();
  for (int i = 0; i < 500; ++i) records.push_back(Document::object());
  const std::string message = refusal("PutRecords", Document{{"Records", records}}.dump());
  EXPECT_THAT(message, StartsWith("ValidationException: 10 validation errors detected: Value null "
                                  "at 'records.1.member.data' failed to satisfy constraint: Member "
                                  "must not be null; Value null at "));
  EXPECT_LT(message.size(), 2000u);
}

TEST(Answer, IsWrittenInBothFormats) {
  const Document answer = {{"List", {{{"Other", Document::binary({})}}}},
                           {"Number", 5},
                           {"Other", Document::binary({0, 1, 255})}};
  EXPECT_EQ(write_answer(answer, Format::json),
            R"({"List":[{"Other":""}],"Number":5,"Other":"AAH/"})");
  EXPECT_EQ(write_answer(answer, Format::cbor),
            "\xa3\x64List\x81\xa1\x65Other\x40\x66Number\x05\x65Other\x43\0\x01\xff"s);
}

TEST(Answer, TimestampsAreSecondsInJsonAndMillisecondsInCbor) {
  EXPECT_EQ(write_answer({{"When", timestamp(1767323045678, Format::json)}}, Format::json),
            R"({"When":1767323045.678})");
  EXPECT_EQ(write_answer({{"When", timestamp(1767323045678, Format::cbor)}}, Format::cbor),
            "\xa1\x64When\x1b\0\0\x01\x9b\x7c\xa9\x8f\x2e"s);
}

TEST(Answer, WhatIsNoUtf8IsReplaced) {
  EXPECT_EQ(write_answer({{"message", "a\xff"}}, Format::json), "{\"message\":\"a\xef\xbf\xbd\"}");
}

TEST(ContentType, IsOneOfTwo) {
  EXPECT_EQ(format_of("application/x-amz-json-1.1"), Format::json);
  EXPECT_EQ(format_of("application/x-amz-cbor-1.1"), Format::cbor);
  EXPECT_EQ(format_of("application/x-amz-json-1.1; charset=utf-8"), Format::json);
  for (const char* other : {"", "application/json", "application/x-amz-json-1.0", "text/plain",
                            "application/x-amz-json-1.1x"}) {
    EXPECT_EQ(format_of(other), std::nullopt) << other;
  }
}

}  // namespace
}  // namespace ceiling::frontend::kinesis
