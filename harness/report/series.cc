#include "harness/report/series.h"

#include <nlohmann/json.hpp>

namespace ceiling {

std::string utf8(std::string_view text) {
  using nlohmann::json;
  return json::parse(json(text).dump(-1, ' ', false, json::error_handler_t::replace));
}

std::string steady_scope(const Limit& limit) {
  return limit.scope.starts_with("pid ") ? "process" : limit.scope;
}

}  // namespace ceiling
