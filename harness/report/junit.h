#pragma once

#include <string>
#include <string_view>

namespace ceiling {

/// Inside report/: test cases of a JUnit document, and how many of them are what. Texts are escaped
/// here.
struct JunitCases {
  std::string xml{};
  int tests = 0;
  int failures = 0;
  int errors = 0;
  int skipped = 0;

  void add(const JunitCases& more);
  /// `element`: "failure", "error", "skipped", or empty for a test case that passed.
  void add(std::string_view target, std::string_view name, std::string_view element,
           std::string_view message, std::string_view details = "");
  /// The same, as a test suite.
  JunitCases suite(std::string_view name) const;
  std::string document(std::string_view name) const;

 private:
  std::string counts() const;
};

}  // namespace ceiling
