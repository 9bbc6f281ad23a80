#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>

namespace ceiling {

/// Documents have their members in the order in which people read them.
using OrderedJson = nlohmann::ordered_json;

template <typename T>
OrderedJson or_null(const std::optional<T>& value) {
  return value ? OrderedJson(*value) : OrderedJson();
}

/// The same of a text that is empty where there is none.
inline OrderedJson or_null(const std::string& text) {
  return text.empty() ? OrderedJson() : OrderedJson(text);
}

}  // namespace ceiling
