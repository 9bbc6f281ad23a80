#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace ceiling {

/// Which points of a series are drawn, rising: all of them, if they are not more than `most` (at
/// least 4); else the first, the last, and each side of every change; where those are too many as
/// well, the first, last, least and greatest of stretches of equal length: no extreme is lost.
std::vector<std::size_t> drawn(std::span<const double> values, std::size_t most);

}  // namespace ceiling
