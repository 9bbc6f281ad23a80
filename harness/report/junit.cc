#include "harness/report/junit.h"

#include <fmt/format.h>

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

}  // namespace

std::string JunitCases::counts() const {
  return fmt::format(R"(tests="{}" failures="{}" errors="{}" skipped="{}")", tests, failures,
                     errors, skipped);
}

void JunitCases::add(const JunitCases& more) {
  xml += more.xml;
  tests += more.tests;
  failures += more.failures;
  errors += more.errors;
  skipped += more.skipped;
}

void JunitCases::add(std::string_view target, std::string_view name, std::string_view element,
                     std::string_view message, std::string_view details) {
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

JunitCases JunitCases::suite(std::string_view name) const {
  JunitCases whole = *this;
  whole.xml =
      fmt::format("  <testsuite name=\"{}\" {}>\n{}  </testsuite>\n", escaped(name), counts(), xml);
  return whole;
}

std::string JunitCases::document(std::string_view name) const {
  return fmt::format(
      "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<testsuites name=\"{}\" {}>\n{}</testsuites>\n",
      escaped(name), counts(), xml);
}

}  // namespace ceiling
