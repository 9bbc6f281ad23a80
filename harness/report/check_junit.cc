#include <fmt/format.h>

#include "harness/report/check.h"
#include "harness/report/series.h"

namespace ceiling {
namespace {

/// For an attribute or a text of XML 1.0, which has no control characters but white space, and
/// neither U+FFFE nor U+FFFF.
std::string escaped(std::string_view raw) {
  const std::string valid = utf8(raw);
  std::string text;
  for (std::size_t at = 0; at < valid.size(); ++at) {
    const std::string_view rest = std::string_view(valid).substr(at);
    const char c = rest.front();
    if (rest.starts_with("\xef\xbf\xbe") || rest.starts_with("\xef\xbf\xbf")) {
      text += '?';
      at += 2;
    } else if (c == '&') {
      text += "&amp;";
    } else if (c == '<') {
      text += "&lt;";
    } else if (c == '>') {
      text += "&gt;";
    } else if (c == '"') {
      text += "&quot;";
    } else {
      const bool control = static_cast<unsigned char>(c) < ' ' && c != '\n' && c != '\t';
      text += control ? '?' : c;
    }
  }
  return text;
}

/// Test cases, and how many of them are what.
struct Cases {
  std::string xml{};
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;

  std::string counts() const {
    return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}")", tests, failures,
                       errors, skipped);
  }
  void add(const Cases& more) {
    xml += more.xml;
    tests += more.tests;
    failures += more.failures;
    errors += more.errors;
    skipped += more.skipped;
  }
  /// `element`: "failure", "error", "skipped", or empty for a test case that passed.
  void add(std::string_view target, std::string_view name, std::string_view element,
           std::string_view message, std::string_view details = "") {
    ++tests;
    failures += element == "failure" ? 1 : 0;
    errors += element == "error" ? 1 : 0;
    skipped += element == "skipped" ? 1 : 0;
    xml += fmt::format(R"(    <testcase classname="{}" name="{}")", escaped(target), escaped(name));
    if (element.empty()) {
      xml += "/>\n";
      return;
    }
    xml += fmt::format(">\n      <{0} message=\"{1}\">{2}</{0}>\n    </testcase>\n", element,
                       escaped(message), escaped(details));
  }
};

/// What a person needs who sees only this test case.
std::string details(const Answer& answer, const Row& row) {
  std::string text = answer.reason + "\n";
  if (!row.limit.note.empty()) text += row.limit.note + "\n";
  if (!row.set_by.empty()) text += "set by " + row.set_by + "\n";
  if (!row.remedy.empty()) text += "to raise it: " + row.remedy + "\n";
  return text;
}

std::string left(const Limit& limit) {
  if (limit.certainty == Certainty::unknown) return limit.note;
  return fmt::format("{} more threads ({})", limit.threads_left.value_or(0),
                     to_string(limit.certainty));
}

void add_row(Cases& cases, const Answer& answer, const Row& row) {
  const std::string target = answer.subject.selector.text();
  Limit named = row.limit;
  named.scope = steady_scope(row.limit);
  const std::string name = place_of(named);
  if (!row.limit.applies) return cases.add(target, name, "skipped", row.limit.note);
  if (row.fit == Fit::holds) return cases.add(target, name, "", "");
  cases.add(target, name, row.fit == Fit::exceeded ? "failure" : "error", left(row.limit),
            details(answer, row));
}

void add_proof(Cases& cases, const Answer& answer, const Proof& proof) {
  const bool confirmed = proof.verdict == Verdict::confirmed;
  const char* element = confirmed ? "" : proof.verdict == Verdict::refuted ? "failure" : "error";
  cases.add(answer.subject.selector.text(), "proof", element, proof.reason,
            proof_text(proof, false));
}

}  // namespace

std::string check_junit(std::span<const Answer> answers, const Proof* proof) {
  Cases all;
  for (const Answer& answer : answers) {
    Cases cases;
    for (const Row& row : answer.rows) add_row(cases, answer, row);
    if (proof != nullptr) add_proof(cases, answer, *proof);
    cases.xml = fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n",
                            escaped(answer.subject.selector.text()), cases.counts(), cases.xml);
    all.add(cases);
  }
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"ceiling check\" "
      "{}>\n{}</testsuites>\n",
      all.counts(), all.xml);
}

}  // namespace ceiling
