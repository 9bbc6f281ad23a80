#pragma once

#include <string>
#include <vector>

#include "harness/cli/verb.h"
#include "harness/report/report.h"

namespace ceiling {

/// The formats in which `run` and `verify` write a verdict.
inline const std::vector<std::string>& result_formats() {
  static const std::vector<std::string> formats = {"text", "json", "junit", "prometheus"};
  return formats;
}

inline std::string formatted(const RunVerdict& verdict, const Output& output) {
  if (output.format == "junit") return result_junit(verdict);
  if (output.format == "prometheus") return result_prometheus(verdict);
  return output.json() ? result_json(verdict) : result_text(verdict, output.colour());
}

}  // namespace ceiling
