#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ceiling {

using PrometheusLabels = std::vector<std::pair<std::string_view, std::string>>;

/// Inside report/: one metric in the text format of Prometheus: its samples stand together, after
/// what they are.
class PrometheusMetric {
 public:
  PrometheusMetric(std::string name, std::string_view help);

  void add(const PrometheusLabels& labels, const std::string& value);
  /// Nothing is no end.
  void add(const PrometheusLabels& labels, const std::optional<std::int64_t>& amount);
  /// Empty without samples.
  std::string text() const { return empty_ ? "" : text_; }

 private:
  std::string name_;
  std::string text_;
  bool empty_ = true;
};

}  // namespace ceiling
