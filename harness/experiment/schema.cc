#include "harness/experiment/schema.h"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <numeric>

#include "harness/experiment/clients.h"
#include "harness/experiment/limits.h"

namespace ceiling {
namespace {

char lower(char letter) {
  return static_cast<char>(std::tolower(static_cast<unsigned char>(letter)));
}

/// Levenshtein's distance, one row at a time.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), std::size_t{0});
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (lower(a[i - 1]) == lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row.back();
}

}  // namespace

const KnownKey* Schema::find(std::string_view name) const {
  const auto key = std::find_if(keys.begin(), keys.end(),
                                [&](const KnownKey& known) { return known.name == name; });
  return key == keys.end() ? nullptr : &*key;
}

std::vector<std::string_view> Schema::names() const {
  std::vector<std::string_view> names;
  for (const KnownKey& key : keys) names.push_back(key.name);
  return names;
}

const Schema& experiment_schema() {
  static const Schema fleet{{{"start"},
                             {"end"},
                             {"step"},
                             {"threads_per_peer"},
                             {"alarm_percent"},
                             {"thread_budget"},
                             {"cells"},
                             {"cache_servers"}},
                            "",
                            nullptr};
  static const Schema member = [] {
    Schema schema;
    for (const LimitName name : all_limits()) {
      if (!is_host_wide(name)) schema.keys.push_back({to_string(name)});
    }
    return schema;
  }();
  static const Schema overrides{{}, "", &member};
  static const Schema limits = [] {
    Schema schema{{{"scope"}, {"cpu_percent"}}, "", nullptr};
    for (const LimitName name : all_limits()) schema.keys.push_back({to_string(name)});
    schema.keys.push_back({"overrides", &overrides});
    return schema;
  }();
  static const Schema stream{{{"name"}, {"shards"}}, "name", nullptr};
  static const Schema client{{{"kind"},
                              {"rate_per_s"},
                              {"buffer"},
                              {"record_bytes"},
                              {"memory_max"},
                              {"missing_after_ms"},
                              {"login"}},
                             "kind",
                             nullptr};
  static const Schema dependents = [] {
    Schema schema;
    for (const std::string_view kind : client_kinds()) {
      if (kind != "canary") schema.keys.push_back({kind});
    }
    return schema;
  }();
  static const Schema recovery{{{"strategy"},
                                {"rate"},
                                {"every_ms"},
                                {"remove"},
                                {"limit_s"},
                                {"health_timeout_ms"},
                                {"expect_safe"},
                                {"expect_back"}},
                               "",
                               nullptr};
  static const Schema arm{{{"name"},
                           {"guardrails"},
                           {"expect"},
                           {"fleet", &fleet},
                           {"limits", &limits},
                           {"hold_s"},
                           {"dependents", &dependents},
                           {"recovery", &recovery}},
                          "name",
                          nullptr};
  static const Schema experiment{{{"experiment"},
                                  {"description"},
                                  {"fleet", &fleet},
                                  {"backends"},
                                  {"streams", &stream},
                                  {"clients", &client},
                                  {"limits", &limits},
                                  {"arms", &arm}},
                                 "",
                                 nullptr};
  return experiment;
}

std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names) {
  constexpr std::size_t kCompared = 64;  // no name is as long; a mistaken key may be
  return *std::min_element(names.begin(), names.end(), [&](std::string_view a, std::string_view b) {
    return edit_distance(text.substr(0, kCompared), a) <
           edit_distance(text.substr(0, kCompared), b);
  });
}

std::string joined(const std::vector<std::string_view>& names) {
  std::string text;
  for (std::string_view name : names) {
    if (!text.empty()) text += ", ";
    text += name;
  }
  return text;
}

}  // namespace ceiling
