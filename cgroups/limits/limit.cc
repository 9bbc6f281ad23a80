#include "cgroups/limits/limit.h"

#include <algorithm>

namespace ceiling {

std::string_view to_string(Certainty certainty) {
  switch (certainty) {
    case Certainty::exact:
      return "exact";
    case Certainty::at_least:
      return "at least";
    case Certainty::at_most:
      return "at most";
    case Certainty::estimate:
      return "estimate";
    case Certainty::unknown:
      return "unknown";
  }
  return "?";
}

std::optional<std::int64_t> Limit::at_least() const {
  if (!applies) return std::nullopt;
  if (certainty == Certainty::unknown || certainty == Certainty::at_most) return 0;
  if (!threads_left) return std::nullopt;
  return std::max<std::int64_t>(0, *threads_left - error);
}

std::optional<std::int64_t> Limit::at_most() const {
  if (!applies || !threads_left) return std::nullopt;
  if (certainty == Certainty::unknown || certainty == Certainty::at_least) return std::nullopt;
  return *threads_left + error;
}

}  // namespace ceiling
