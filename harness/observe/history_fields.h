#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cgroups/error.h"
#include "harness/observe/history.h"

namespace ceiling {

using Json = nlohmann::json;

inline constexpr std::array<std::pair<OpPhase, const char*>, 4> kPhases{
    {{OpPhase::invoke, "invoke"},
     {OpPhase::ok, "ok"},
     {OpPhase::fail, "fail"},
     {OpPhase::unknown, "unknown"}}};
inline const char* phase_name(OpPhase phase) {
  for (const auto& [value, name] : kPhases)
    if (value == phase) return name;
  return "unknown";
}

/// Throws Error.
inline OpPhase phase_of(const std::string& text) {
  for (const auto& [value, name] : kPhases)
    if (text == name) return value;
  throw Error("phase: expected invoke, ok, fail or unknown, found \"" + text + "\"");
}

/// Throws Error.
inline Json object_of(std::string_view line) {
  Json object = Json::parse(line, nullptr, false);
  if (object.is_discarded()) throw Error("not JSON, or cut short");
  if (!object.is_object()) throw Error("expected an object");
  return object;
}

/// The fields of one line, read strictly: nlohmann alone would turn 1.5 into 1 and true into 1. All
/// of it throws Error.
class Fields {
 public:
  explicit Fields(const Json& object) : object_(object) {}

  std::string text(const char* name) const { return text_of(at(name), name); }
  bool flag(const char* name) const {
    const Json& value = at(name);
    if (!value.is_boolean()) wrong(name, "true or false");
    return value.get<bool>();
  }
  double number(const char* name) const {
    const Json& value = at(name);
    if (!value.is_number()) wrong(name, "a number");
    return value.get<double>();
  }
  template <typename T>
  T integer(const char* name) const {
    return integer_of<T>(at(name), name);
  }
  std::optional<std::string> nullable_text(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    return text_of(*found, name);
  }
  std::optional<std::int64_t> nullable(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end() || found->is_null()) return std::nullopt;
    return integer_of<std::int64_t>(*found, name);
  }
  /// Lists of integers by name; empty where the field is missing.
  std::map<std::string, std::vector<std::int64_t>> lists(const char* name) const {
    std::map<std::string, std::vector<std::int64_t>> all;
    const auto found = object_.find(name);
    if (found == object_.end()) return all;
    if (!found->is_object()) wrong(name, "an object");
    const Fields inside(*found);
    for (const auto& [key, list] : found->items()) all[key] = inside.integers(key.c_str());
    return all;
  }
  std::vector<std::string> texts(const char* name) const {
    std::vector<std::string> all;
    for (const Json& value : list(name)) all.push_back(text_of(value, name));
    return all;
  }
  std::vector<std::int64_t> integers(const char* name) const {
    std::vector<std::int64_t> all;
    for (const Json& value : list(name)) all.push_back(integer_of<std::int64_t>(value, name));
    return all;
  }

 private:
  [[noreturn]] static void wrong(const char* name, const char* expected) {
    throw Error(std::string(name) + ": expected " + expected);
  }
  static std::string text_of(const Json& value, const char* name) {
    if (!value.is_string()) wrong(name, "a string");
    return value.get<std::string>();
  }
  template <typename T>
  static T integer_of(const Json& value, const char* name) {
    if (value.is_number_unsigned()) {
      const auto wide = value.get<std::uint64_t>();
      if (std::in_range<T>(wide)) return static_cast<T>(wide);
    } else if (value.is_number_integer()) {
      const auto wide = value.get<std::int64_t>();
      if (std::in_range<T>(wide)) return static_cast<T>(wide);
    }
    wrong(name, "an integer in range");
  }
  const Json& at(const char* name) const {
    const auto found = object_.find(name);
    if (found == object_.end()) throw Error(std::string("no field \"") + name + "\"");
    return *found;
  }
  const Json& list(const char* name) const {
    const Json& value = at(name);
    if (!value.is_array()) wrong(name, "a list");
    return value;
  }

  const Json& object_;
};

}  // namespace ceiling
