#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

struct Schema;

/// A key that an experiment file may have. Known keys stand here and nowhere else: overrides walk
/// them and the reader refuses all others.
struct KnownKey {
  std::string_view name;
  const Schema* inside = nullptr;  ///< of the map, or of the maps of the list; null: a plain value
};

struct Schema {
  std::vector<KnownKey> keys;
  std::string_view named_by;     ///< for the maps of a list: the key whose value names one of them
  const Schema* each = nullptr;  ///< the keys are names of the file's own, each with such a map

  const KnownKey* find(std::string_view name) const;
  std::vector<std::string_view> names() const;
};

/// The schema of a whole file.
const Schema& experiment_schema();

/// The name with the smallest edit distance to `text`, upper and lower case alike; the first of
/// several. `names` is not empty.
std::string_view nearest(std::string_view text, const std::vector<std::string_view>& names);

/// "a, b, c"
std::string joined(const std::vector<std::string_view>& names);

}  // namespace ceiling
