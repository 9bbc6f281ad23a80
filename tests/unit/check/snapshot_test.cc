#include "harness/check/snapshot.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <random>

#include "harness/experiment/experiment.h"
#include "tests/unit/check/facts.h"

namespace ceiling::test {
namespace {

using nlohmann::json;
using testing::ElementsAre;
using testing::HasSubstr;

Snapshot snapshot_of(std::vector<Subject> subjects) {
  return {.host = "web-1", .taken = "2026-11-25T19:30:00Z", .subjects = std::move(subjects)};
}

/// Everything that a place can have, with a value that it does not have by itself.
Subject full_subject() {
  Subject subject = subject_of(facts_of_a_process());
  subject.selector.uid = 1000;
  subject.facts.host.hidden = "hidepid=2";
  subject.facts.host.last_pid = std::nullopt;
  PlaceFacts& place = subject.facts.place;
  place.memory = {{"/a/b", "/sys/fs/cgroup/a/b/memory.max", 800 * kMiB, 3}};
  place.heap = HeapFacts{1000, 2000, 304, 72'704};
  place.descriptors = unseen("not for us");
  place.ancestors_hidden = place.caps_exempt_nproc = true;
  place.oom_kills = place.has_heap = false;
  subject.settings = {{"pids.max",
                       "/a/b",
                       {.source = Origin::Source::unit_file,
                        .in_force = true,
                        .file = "/etc/systemd/system/demo.service.d/50-tasks.conf",
                        .line = 2,
                        .text = "the drop-in, line 2"}}};
  subject.unit = "demo.service";
  subject.user = "demo";
  return subject;
}

json written(const Snapshot& snapshot) {
  return json::parse(snapshot_json(snapshot));
}

std::vector<std::string> findings_of(const std::string& text) {
  try {
    parse_snapshot(text, "s");
  } catch (const BadInput& bad) {
    std::vector<std::string> lines;
    for (const Finding& finding : bad.findings()) lines.push_back(finding.text);
    return lines;
  }
  return {};
}

TEST(Snapshot, ComesBackAsItWas) {
  const Snapshot snapshot = snapshot_of({full_subject(), subject_of(facts_of_a_process())});
  const std::string text = snapshot_json(snapshot);
  const Snapshot back = parse_snapshot(text, "s");
  EXPECT_EQ(snapshot_json(back), text);
  ASSERT_EQ(back.subjects.size(), 2U);
  EXPECT_EQ(back.subjects[0].snapshot, "web-1 at 2026-11-25T19:30:00Z");
  EXPECT_EQ(back.subjects[0].selector, full_subject().selector);
  EXPECT_EQ(back.subjects[0].facts.place.descriptors, unseen("not for us"));
  EXPECT_EQ(back.subjects[0].facts.place.as, seen(std::nullopt));
  EXPECT_EQ(back.subjects[0].settings[0].origin.source, Origin::Source::unit_file);
}

TEST(Snapshot, IsAnsweredAsTheHostItself) {
  const Subject subject = full_subject();
  const Need need{.threads = 7};
  const Answer here = answer(subject, need);
  const Answer there =
      answer(parse_snapshot(snapshot_json(snapshot_of({subject})), "s").subjects[0], need);
  EXPECT_EQ(there.verdict, Fit::exceeded);
  EXPECT_EQ(there.reason, here.reason);
  ASSERT_EQ(there.rows.size(), here.rows.size());
  for (std::size_t i = 0; i < here.rows.size(); ++i) {
    EXPECT_EQ(there.rows[i].limit.name, here.rows[i].limit.name);
    EXPECT_EQ(there.rows[i].limit.threads_left, here.rows[i].limit.threads_left);
    EXPECT_EQ(there.rows[i].limit.note, here.rows[i].limit.note);
    EXPECT_EQ(there.rows[i].set_by, here.rows[i].set_by);
    EXPECT_EQ(there.rows[i].remedy, here.rows[i].remedy);
  }
}

TEST(Snapshot, OfAnotherSchemaIsRefused) {
  json other = written(snapshot_of({full_subject()}));
  other["schema"] = "ceiling.snapshot/2";
  EXPECT_THAT(findings_of(other.dump()),
              ElementsAre("found \"ceiling.snapshot/2\", expected the schema "
                          "\"ceiling.snapshot/1\""));
  other.erase("schema");
  EXPECT_THAT(findings_of(other.dump()), ElementsAre(HasSubstr("found no schema")));
  for (const char* text : {"", "{", "[]", "4", "policy: p", "null"}) {
    EXPECT_THAT(findings_of(text), ElementsAre(HasSubstr("found no JSON object"))) << text;
  }
}

TEST(Snapshot, SaysEverythingThatIsMissingOrWrong) {
  json damaged = written(snapshot_of({full_subject()}));
  json& one = damaged["targets"][0];
  one["host"]["tasks"] = -4;
  one["place"].erase("nproc");
  one["place"]["pids"][0]["current"] = "4";
  one["place"]["heap"]["per_thread_bytes"] = 0;
  one["place"]["kind"] = "container";
  one["settings"][0]["source"] = "hearsay";
  one["selector"]["uid"] = 1.5;
  damaged.erase("taken");
  EXPECT_THAT(findings_of(damaged.dump()),
              testing::UnorderedElementsAre(
                  HasSubstr("taken: found nothing, expected a member of that name"),
                  HasSubstr("targets[0].host.tasks: found -4, expected a whole number from 0 on"),
                  HasSubstr("targets[0].place.nproc: found nothing"),
                  HasSubstr("targets[0].place.pids[0].current: found \"4\""),
                  HasSubstr("targets[0].place.heap: found "),
                  HasSubstr("targets[0].place.kind: found \"container\""),
                  HasSubstr("targets[0].settings[0].source: found \"hearsay\""),
                  HasSubstr("targets[0].selector.uid: found 1.5")));
}

TEST(Snapshot, MembersOfALaterVersionArePassedOver) {
  json later = written(snapshot_of({full_subject()}));
  later["targets"][0]["host"]["pods"] = 4;
  later["colour"] = "blue";
  EXPECT_THAT(findings_of(later.dump()), testing::IsEmpty());
}

TEST(Snapshot, ATargetIsFoundByItsName) {
  Subject unit = full_subject();
  unit.selector = unit_selector("demo");
  const Snapshot two = snapshot_of({subject_of(facts_of_a_process()), unit});
  EXPECT_EQ(subject_in(two, unit_selector("demo.service"), "s").user, "demo");
  EXPECT_EQ(subject_in(snapshot_of({unit}), {}, "s").user, "demo") << "the only one";
  const auto refused = [](const Snapshot& snapshot, const Selector& selector) -> std::string {
    try {
      subject_in(snapshot, selector, "s");
    } catch (const BadInput& bad) {
      return bad.what();
    }
    return "";
  };
  EXPECT_THAT(refused(two, {}), HasSubstr("found no target self, expected one of: pid 4242, unit "
                                          "demo.service"));
  Selector as_somebody = unit_selector("demo");
  as_somebody.uid = 4;
  EXPECT_THAT(refused(two, as_somebody), HasSubstr("found no target unit demo.service as uid 4"));
  EXPECT_THAT(refused(snapshot_of({}), {}), HasSubstr("found no target self"));
}

/// Wherever a number stands, another one does: the answer is an answer or the file is refused.
TEST(Snapshot, AnyNumberIsAnsweredOrRefused) {
  const json whole = json::parse(snapshot_json(snapshot_of({full_subject()}))).flatten();
  const std::vector<std::int64_t> numbers = {0, 1, -1, 4096, 1LL << 32, 1LL << 53, 1LL << 62};
  int answered = 0;
  for (const auto& [path, value] : whole.items()) {
    if (!value.is_number()) continue;
    for (const std::int64_t number : numbers) {
      json changed = whole;
      changed[path] = number;
      try {
        const Snapshot read = parse_snapshot(changed.unflatten().dump(), "s");
        answer(read.subjects.at(0), {.peers = 1LL << 31, .threads_per_peer = 1LL << 31});
        ++answered;
      } catch (const BadInput&) {
        EXPECT_TRUE(number < 1 || number >= 1LL << 32) << path << " " << number;
      }
    }
  }
  EXPECT_GT(answered, 100);
}

}  // namespace
}  // namespace ceiling::test
