#pragma once

#include <cstdint>
#include <optional>
#include <random>
#include <string_view>

namespace ceiling {

enum class CreationKind { thread, process };
std::string_view to_string(CreationKind kind);

/// Which creations of a tree are refused. They count from 1 over the whole tree, those of `kind`
/// alone where one is set. At most one of at, after, every and probability is set; none: no
/// creation is refused.
struct Choice {
  std::optional<std::uint64_t> at = {};     ///< this one
  std::optional<std::uint64_t> after = {};  ///< all but the first so many
  std::optional<std::uint64_t> every = {};  ///< each whose number is a multiple of it; at least 1
  std::optional<double> probability =
      {};  ///< each with this probability, 0 to 1, drawn from `seed`
  std::uint64_t seed = 0;
  std::optional<std::uint64_t> times = {};  ///< no more than so many
  std::optional<CreationKind> kind = {};    ///< nothing: both
};

/// Counts creations in the order in which they are asked for, and chooses.
class Chooser {
 public:
  explicit Chooser(const Choice& choice) : choice_(choice), random_(choice.seed) {}

  bool refuses(CreationKind kind);
  std::uint64_t counted() const { return counted_; }

 private:
  bool chosen();

  Choice choice_;
  std::mt19937_64 random_;
  std::uint64_t counted_ = 0;
  std::uint64_t refused_ = 0;
};

}  // namespace ceiling
