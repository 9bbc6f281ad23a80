#include "harness/report/prometheus.h"

#include <fmt/format.h>

#include "harness/report/series.h"

namespace ceiling {
namespace {

std::string escaped(std::string_view raw) {
  std::string text;
  for (const char c : utf8(raw)) {
    if (c == '\\' || c == '"') text += '\\';
    text += c == '\n' ? std::string("\\n") : std::string(1, c);
  }
  return text;
}

}  // namespace

PrometheusMetric::PrometheusMetric(std::string name, std::string_view help)
    : name_(std::move(name)),
      text_(fmt::format("# HELP {0} {1}\n# TYPE {0} gauge\n", name_, help)) {}

void PrometheusMetric::add(const PrometheusLabels& labels, const std::string& value) {
  text_ += name_ + "{";
  const char* comma = "";
  for (const auto& [label, of] : labels) {
    text_ += fmt::format("{}{}=\"{}\"", std::exchange(comma, ","), label, escaped(of));
  }
  text_ += fmt::format("}} {}\n", value);
  empty_ = false;
}

void PrometheusMetric::add(const PrometheusLabels& labels,
                           const std::optional<std::int64_t>& amount) {
  add(labels, amount ? std::to_string(*amount) : "+Inf");
}

}  // namespace ceiling
