#include "harness/report/page.h"

#include <fmt/format.h>

#include <cmath>

namespace ceiling {
namespace {

bool continues_character(char c) {
  return (static_cast<unsigned char>(c) & 0xC0U) == 0x80U;
}

std::string printable(std::string_view text) {
  std::string clean(text);
  for (char& c : clean)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return clean;
}

/// How many bytes of `text` make the next line of at most `width` characters: up to a space where
/// there is one, through a word that is longer than a line.
std::size_t fitting(std::string_view text, std::size_t width) {
  std::size_t characters = 0;
  std::size_t last_space = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == ' ' && i > 0) last_space = i;
    if (continues_character(text[i])) continue;
    if (characters++ == width) return last_space > 0 ? last_space : i;
  }
  return text.size();
}

std::string_view code(Tone tone) {
  switch (tone) {
    case Tone::good:
      return "\033[32m";
    case Tone::bad:
      return "\033[31m";
    case Tone::doubtful:
      return "\033[33m";
    case Tone::plain:
      break;
  }
  return "";
}

}  // namespace

void Page::line(std::size_t indent, std::string_view text, Tone tone) {
  const std::string clean = printable(text);
  const bool coloured = colour_ && tone != Tone::plain;
  std::string_view rest = clean;
  for (bool first = true; first || !rest.empty(); first = false) {
    const std::size_t margin = first ? indent : indent + 2;
    const std::size_t size = fitting(rest, columns_ - margin);
    text_.append(margin, ' ');
    if (coloured) text_ += code(tone);
    text_ += rest.substr(0, size);
    if (coloured) text_ += "\033[0m";
    text_ += '\n';
    rest.remove_prefix(size);
    while (rest.starts_with(' ')) rest.remove_prefix(1);
  }
}

std::string percent(const std::optional<double>& share) {
  if (!share) return "-";
  if (*share == 0 || *share == 1) return fmt::format("{:.0f} %", *share * 100);
  return fmt::format("{:.2f} %", std::floor(*share * 10000) / 100);
}

}  // namespace ceiling
