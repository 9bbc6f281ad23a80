#include "harness/observe/history.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cerrno>

#include "cgroups/error.h"

namespace ceiling {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;

// Scripts read these names: a changed one breaks them silently.
struct Line {
  Event event;
  std::string json;
};
const std::vector<Line> kLines = {
    {{0, "", RunEvent{"7f3a", "kinesis-2020", "6.18.44", "hybrid", "2020-11-25T05:15:00Z"}},
     R"({"t_s":0.0,"arm":"","event":"run","run_id":"7f3a","experiment":"kinesis-2020",)"
     R"("kernel":"6.18.44","hierarchy":"hybrid","started_at":"2020-11-25T05:15:00Z"})"},
    {{0.5, "unguarded", CalibrationEvent{2, {6, 6}}},
     R"({"t_s":0.5,"arm":"unguarded","event":"calibration","fleet_size":2,"tasks":[6,6]})"},
    {{1.25, "a", StepEvent{21, true, 20, {"frontend-21"}}},
     R"({"t_s":1.25,"arm":"a","event":"step","fleet_size":21,"settled":true,"in_service":20,)"
     R"("failed":["frontend-21"]})"},
    {{1.25, "a", StepEvent{10, true, 10, {}, 2}},
     R"({"t_s":1.25,"arm":"a","event":"step","fleet_size":10,"settled":true,"in_service":10,)"
     R"("failed":[],"alarms":2})"},
    {{2, "a",
      OpEvent{9, OpPhase::ok, "put", "frontend-2", "orders", 3, "k\"ey", 18446744073709551615U}},
     R"({"t_s":2.0,"arm":"a","event":"op","id":9,"phase":"ok","kind":"put","frontend":"frontend-2",)"
     R"("stream":"orders","shard":3,"key":"k\"ey","sequence":18446744073709551615})"},
    {{2, "a", OpEvent{9, OpPhase::ok, "put", "", "mine", 3, "k", 4, "boto3", "17"}},
     R"({"t_s":2.0,"arm":"a","event":"op","id":9,"phase":"ok","kind":"put","frontend":"",)"
     R"("stream":"mine","shard":3,"key":"k","sequence":4,"client":"boto3","hash_key":"17"})"},
    {{2, "a", ShardEvent{"mine", 2, "0", "17", {0, 1}, true}},
     R"({"t_s":2.0,"arm":"a","event":"shard","stream":"mine","shard":2,"first":"0","last":"17",)"
     R"("parents":[0,1],"closed":true})"},
    {{2, "a", ClientEvent{"boto3", 12, {"line 7: not JSON, or cut short"}}},
     R"({"t_s":2.0,"arm":"a","event":"client","client":"boto3","operations":12,)"
     R"("damage":["line 7: not JSON, or cut short"]})"},
    {{2, "a", AuditEvent{12, true, 3}},
     R"({"t_s":2.0,"arm":"a","event":"audit","records":12,"complete":true,"shards":3})"},
    {{2, "a", MapEvent{"frontend-1", 7, "ab12", true, true, false}},
     R"({"t_s":2.0,"arm":"a","event":"map","frontend":"frontend-1","version":7,"digest":"ab12",)"
     R"("complete":true,"tiling":true,"published":false})"},
    {{2, "a", RefusalEvent{"frontend-1", EAGAIN, 24, 21, "build"}},
     R"({"t_s":2.0,"arm":"a","event":"refusal","frontend":"frontend-1","errno":"EAGAIN","tasks":24,)"
     R"("version":21,"phase":"build"})"},
    {{0.5, "", CalibrationEvent{2, {6, 6}, {{"descriptors", {20, 21}}}}},
     R"({"t_s":0.5,"arm":"","event":"calibration","fleet_size":2,"tasks":[6,6],)"
     R"("resources":{"descriptors":[20,21]}})"},
    {{0.5, "", CalibrationEvent{2, {6, 6}, {}, {{"descriptors", {25, 25}}, {"tasks", {1, 1}}}}},
     R"({"t_s":0.5,"arm":"","event":"calibration","fleet_size":2,"tasks":[6,6],)"
     R"("caches":{"descriptors":[25,25],"tasks":[1,1]}})"},
    {{2, "a", RefusalEvent{"frontend-9", EMFILE, 1, 9, "build", std::nullopt, "cache-1"}},
     R"({"t_s":2.0,"arm":"a","event":"refusal","frontend":"frontend-9","errno":"EMFILE","tasks":1,)"
     R"("version":9,"phase":"build","server":"cache-1"})"},
    {{2, "a", RefusalEvent{"frontend-1", EAGAIN, 24, 21, "build", 0}},
     R"({"t_s":2.0,"arm":"a","event":"refusal","frontend":"frontend-1","errno":"EAGAIN","tasks":24,)"
     R"("version":21,"phase":"build","probe":"made"})"},
    {{2, "a", RefusalEvent{"frontend-1", EAGAIN, 24, 21, "build", EAGAIN}},
     R"({"t_s":2.0,"arm":"a","event":"refusal","frontend":"frontend-1","errno":"EAGAIN","tasks":24,)"
     R"("version":21,"phase":"build","probe":"EAGAIN"})"},
    {{2, "a", SampleEvent{"frontend-1", "RLIMIT_AS", "/h", 4096, 23, std::nullopt, 4000}},
     R"({"t_s":2.0,"arm":"a","event":"sample","scope":"frontend-1","limit":"RLIMIT_AS","where":"/h",)"
     R"("value":4096,"tasks":23,"pids_events":null,"used":4000})"},
    {{2, "a", SampleEvent{"frontend-1", "pids.max", "/f", 24, 23, 0}},
     R"({"t_s":2.0,"arm":"a","event":"sample","scope":"frontend-1","limit":"pids.max","where":"/f",)"
     R"("value":24,"tasks":23,"pids_events":0})"},
    {{2, "a", SampleEvent{"fleet", "RLIMIT_NPROC", "/g", std::nullopt, 23, std::nullopt}},
     R"({"t_s":2.0,"arm":"a","event":"sample","scope":"fleet","limit":"RLIMIT_NPROC","where":"/g",)"
     R"("value":null,"tasks":23,"pids_events":null})"},
    {{3, "a", AdmissionEvent{"frontend-15", "pids.max", "/f/frontend-1", "frontend-1", 0, 1, 15}},
     R"({"t_s":3.0,"arm":"a","event":"admission","frontend":"frontend-15","limit":"pids.max",)"
     R"("scope":"/f/frontend-1","member":"frontend-1","left":0,"needed":1,"fleet_size":15})"},
    {{3, "a", AlarmEvent{"frontend-4", "pids.max", "/f/frontend-4", 12, 16, 10}},
     R"({"t_s":3.0,"arm":"a","event":"alarm","frontend":"frontend-4","limit":"pids.max",)"
     R"("scope":"/f/frontend-4","used":12,"value":16,"fleet_size":10})"},
    {{3, "a", FaultEvent{"exited", "frontend-3", "signal 9"}},
     R"({"t_s":3.0,"arm":"a","event":"fault","kind":"exited","target":"frontend-3","detail":"signal 9"})"},
    {{3, "a", HealthEvent{"drop-oldest", false, "no answer in 2000 ms", 100, 7}},
     R"({"t_s":3.0,"arm":"a","event":"health","dependent":"drop-oldest","ok":false,)"
     R"("reason":"no answer in 2000 ms","buffered":100,"dropped":7})"},
    {{3, "a", DependentEndEvent{"unbounded-buffer", "signal 9", "/m/memory.max", 1}},
     R"({"t_s":3.0,"arm":"a","event":"dependent-end","dependent":"unbounded-buffer",)"
     R"("detail":"signal 9","where":"/m/memory.max","oom_kills":1})"},
    {{3, "a", DependentEndEvent{"status-page", "exit status 70", ""}},
     R"({"t_s":3.0,"arm":"a","event":"dependent-end","dependent":"status-page",)"
     R"("detail":"exit status 70","where":""})"},
    {{3, "a", RoutableEvent{0.75, 640, 20}},
     R"({"t_s":3.0,"arm":"a","event":"routable","share":0.75,"pairs":640,"fleet_size":20})"},
    {{3, "a", AuditEvent{1234, true}},
     R"({"t_s":3.0,"arm":"a","event":"audit","records":1234,"complete":true})"},
    {{4, "a", RecoveryEvent{"paced", 2, 7}},
     R"({"t_s":4.0,"arm":"a","event":"recovery","strategy":"paced","rate":2,"fleet_size":7})"},
    {{4, "a", RestartEvent{"frontend-1", "removed"}},
     R"({"t_s":4.0,"arm":"a","event":"restart","frontend":"frontend-1","why":"removed"})"},
    {{4, "a", RemovalEvent{"frontend-1", 1004}},
     R"({"t_s":4.0,"arm":"a","event":"removal","frontend":"frontend-1","silent_ms":1004})"},
    {{4, "a", RecoveryEndEvent{true, 7, 1}},
     R"({"t_s":4.0,"arm":"a","event":"recovery-end","completed":true,"restarts":7,"removals":1})"},
    {{5, "trial-1-60", TrialEvent{"pids.max", 60}},
     R"({"t_s":5.0,"arm":"trial-1-60","event":"trial","limit":"pids.max","value":60})"},
    {{5, "unlimited", TrialEvent{"pids.max", std::nullopt}},
     R"({"t_s":5.0,"arm":"unlimited","event":"trial","limit":"pids.max","value":null})"},
    {{5, "unlimited", ReadyEvent{"log"}},
     R"({"t_s":5.0,"arm":"unlimited","event":"ready","by":"log"})"},
    {{5, "unlimited", ProbeEvent{true, 7, "too few"}},
     R"({"t_s":5.0,"arm":"unlimited","event":"probe","in_time":true,"status":7,)"
     R"("last_line":"too few"})"},
    {{5, "unlimited", OutcomeEvent{"degraded", "the probe ended with status 7"}},
     R"({"t_s":5.0,"arm":"unlimited","event":"outcome","outcome":"degraded",)"
     R"("why":"the probe ended with status 7"})"},
    {{4, "a", ArmEndEvent{"failing size", true}},
     R"({"t_s":4.0,"arm":"a","event":"arm-end","reason":"failing size","completed":true})"},
};

TEST(History, EveryEventIsWrittenWithTheDocumentedNames) {
  for (const Line& line : kLines) EXPECT_EQ(to_json_line(line.event), line.json);
}

TEST(History, EveryEventIsReadBackAsItWasWritten) {
  for (const Line& line : kLines) {
    const Event read = event_from_json_line(line.json);
    EXPECT_EQ(read.what.index(), line.event.what.index());
    EXPECT_EQ(to_json_line(read), line.json);
  }
}

TEST(History, FieldsOfALaterVersionArePassedOver) {
  const Event event = event_from_json_line(
      R"({"t_s":1,"arm":"a","event":"audit","records":2,"complete":true,"by":"backend-1"})");
  EXPECT_EQ(std::get<AuditEvent>(event.what).records, 2U);
}

TEST(History, AKeyThatIsNoUtf8DoesNotEndTheRun) {
  const std::string line =
      to_json_line({0, "a", OpEvent{1, OpPhase::invoke, "put", "", "s", -1, "\xff"}});
  EXPECT_NO_THROW(event_from_json_line(line));
}

std::string complaint(std::string_view line) {
  try {
    event_from_json_line(line);
  } catch (const Error& error) {
    return error.what();
  }
  return "read without complaint";
}

TEST(History, ALineThatCannotBeReadSaysWhatIsWrong) {
  EXPECT_EQ(complaint(""), "not JSON, or cut short");
  EXPECT_EQ(complaint(R"({"t_s":1,"arm":"a","event":"aud)"), "not JSON, or cut short");
  EXPECT_EQ(complaint("[]"), "expected an object");
  EXPECT_EQ(complaint("{}"), "no field \"event\"");
  EXPECT_EQ(complaint(R"({"t_s":1,"arm":"a","event":"boom"})"), "event: \"boom\" is not known");
  const std::string audit = R"({"t_s":1,"arm":"a","event":"audit",)";
  EXPECT_EQ(complaint(audit + R"("records":2})"), "no field \"complete\"");
  EXPECT_EQ(complaint(audit + R"("records":2,"complete":1})"), "complete: expected true or false");
  for (const char* records : {"-1", "1.5", "true", "\"2\"", "18446744073709551616", "null"})
    EXPECT_EQ(complaint(audit + "\"records\":" + records + ",\"complete\":true}"),
              "records: expected an integer in range")
        << records;
  EXPECT_EQ(complaint(R"({"t_s":"1","arm":"a","event":"audit","records":2,"complete":true})"),
            "t_s: expected a number");
  EXPECT_EQ(
      complaint(R"({"t_s":1,"arm":"a","event":"routable","share":1.5,"pairs":1,"fleet_size":2})"),
      "share: expected 0 to 1");
  EXPECT_THAT(complaint(R"({"t_s":1,"arm":"a","event":"refusal","frontend":"f","errno":"EWHAT"})"),
              HasSubstr("EWHAT"));
  EXPECT_THAT(complaint(R"({"t_s":1,"arm":"a","event":"op","id":1,"phase":"done"})"),
              HasSubstr("phase: expected invoke, ok, fail or unknown"));
}

TEST(History, DamagedLinesAreNumberedAndTheOthersKept) {
  const ParsedHistory parsed = parse_history(kLines[0].json + "\ngarbage\n\n" + kLines[9].json +
                                             "\n" + kLines[10].json.substr(0, 30));
  EXPECT_EQ(parsed.events.size(), 2U);
  EXPECT_THAT(parsed.damage,
              ElementsAre("line 2: not JSON, or cut short", "line 3: not JSON, or cut short",
                          "line 5: not JSON, or cut short"));
}

TEST(History, AnEmptyFileHasNoEventsAndNoDamage) {
  EXPECT_TRUE(parse_history("").events.empty());
  EXPECT_TRUE(parse_history("").damage.empty());
}

TEST(History, ErrorsAreNamedAsInErrno3) {
  EXPECT_EQ(errno_name(EAGAIN), "EAGAIN");
  EXPECT_EQ(errno_name(ENOMEM), "ENOMEM");
  EXPECT_EQ(errno_name(4000), "4000");
}

}  // namespace
}  // namespace ceiling
