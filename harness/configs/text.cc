#include "harness/configs/text.h"

#include <charconv>
#include <system_error>

namespace ceiling {
namespace {

constexpr std::string_view kSpace = " \t\r\n\v\f";

std::optional<std::int64_t> number(std::string_view text, int base) {
  std::int64_t value = 0;
  const char* end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, value, base);
  if (error != std::errc() || stop != end || text.starts_with('-')) return std::nullopt;
  return value;
}

}  // namespace

std::string_view trimmed(std::string_view text) {
  const std::size_t first = text.find_first_not_of(kSpace);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpace) - first + 1);
}

std::vector<std::string_view> words_of(std::string_view text) {
  std::vector<std::string_view> words;
  for (std::size_t at = text.find_first_not_of(kSpace); at != std::string_view::npos;) {
    const std::size_t end = text.find_first_of(kSpace, at);
    words.push_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpace, end);
  }
  return words;
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return result;
}

std::string amount_text(Amount amount) {
  return amount ? std::to_string(*amount) : "unlimited";
}

std::optional<std::int64_t> decimal(std::string_view text) {
  return number(text, 10);
}

std::optional<std::int64_t> any_base(std::string_view text) {
  if (text.starts_with("0x") || text.starts_with("0X")) return number(text.substr(2), 16);
  if (text.size() > 1 && text.starts_with('0')) return number(text.substr(1), 8);
  return number(text, 10);
}

}  // namespace ceiling
