#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace ceiling {

enum class Tone { plain, good, bad, doubtful };

/// Text for a terminal or a log, never wider than `columns`. Control characters, which a name in
/// an experiment or a history may carry, are shown as "?".
class Page {
 public:
  explicit Page(bool colour, std::size_t columns = 100) : colour_(colour), columns_(columns) {}

  /// A paragraph, wrapped; lines after the first are indented by two more. `tone` colours it as a
  /// whole.
  void line(std::size_t indent, std::string_view text, Tone tone = Tone::plain);
  void blank() { text_ += '\n'; }
  const std::string& text() const { return text_; }

 private:
  bool colour_;
  std::size_t columns_;
  std::string text_;
};

/// A share as percent, rounded down: what is not all is never shown as 100 %. "-" for nothing.
std::string percent(const std::optional<double>& share);

}  // namespace ceiling
