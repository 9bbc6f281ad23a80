#include "harness/configs/unit_file.h"

#include <algorithm>
#include <limits>

#include "harness/configs/config_file.h"
#include "harness/configs/text.h"

namespace ceiling {
namespace {

constexpr std::int64_t kMost = std::numeric_limits<std::int64_t>::max();

bool is_comment(std::string_view line) {
  const std::string_view text = trimmed(line);
  return !text.empty() && (text.front() == '#' || text.front() == ';');
}

/// A backslash that is not itself escaped.
bool is_continued(std::string_view line) {
  const std::size_t last_other = line.find_last_not_of('\\');
  return (line.size() - (last_other + 1)) % 2 == 1;
}

struct LogicalLine {
  std::size_t number = 0;
  std::string text;
};

/// Comments between continued lines are passed over.
std::vector<LogicalLine> logical_lines(std::string_view text) {
  std::vector<LogicalLine> lines;
  bool continued = false;
  for (const ConfigLine& line : lines_of(text)) {
    if (is_comment(line.text)) continue;
    if (!continued) lines.push_back({line.number, ""});
    continued = is_continued(line.text);
    lines.back().text += line.text.substr(0, line.text.size() - (continued ? 1 : 0));
    if (continued) lines.back().text += ' ';
  }
  return lines;
}

/// `number` × 1024^power with what follows its point; nothing on overflow.
std::optional<std::int64_t> scaled(std::int64_t number, std::string_view fraction, int power) {
  const std::int64_t factor = std::int64_t{1} << (10 * power);
  if (number > kMost / factor) return std::nullopt;
  const double part = fraction.empty() ? 0.0 : std::stod("0." + std::string(fraction));
  const auto rest = static_cast<std::int64_t>(part * static_cast<double>(factor));
  if (rest > kMost - number * factor) return std::nullopt;
  return number * factor + rest;
}

/// The digits at the start of `text`, which loses them.
std::string_view take_digits(std::string_view& text) {
  const std::size_t end = std::min(text.find_first_not_of("0123456789"), text.size());
  const std::string_view digits = text.substr(0, end);
  text.remove_prefix(end);
  return digits;
}

/// "64M", "1.5G", "4096", base 1024; units may follow each other, falling: "1G 5M".
std::optional<std::int64_t> size_in_bytes(std::string_view text) {
  constexpr std::string_view kUnits = "BKMGTPE";
  constexpr std::size_t kMaxDigits = 15;
  std::int64_t sum = 0;
  std::size_t below = kUnits.size();
  do {
    text = trimmed(text);
    const auto number = decimal(take_digits(text));
    std::string_view fraction;
    if (text.starts_with('.')) {
      text.remove_prefix(1);
      fraction = take_digits(text).substr(0, kMaxDigits);
    }
    text = trimmed(text);
    const std::size_t unit = text.empty() ? 0 : kUnits.find(text.front());
    if (!number || unit >= below) return std::nullopt;  // npos is above every unit
    below = unit;
    const auto bytes = scaled(*number, fraction, static_cast<int>(unit));
    if (!bytes || *bytes > kMost - sum) return std::nullopt;
    sum += *bytes;
    if (!text.empty()) text.remove_prefix(1);
  } while (!text.empty());
  return sum;
}

/// "15%" or "12.5%" in parts of ten thousand; nothing above 100 %.
std::optional<std::int64_t> permyriad(std::string_view text) {
  if (!text.ends_with('%')) return std::nullopt;
  text.remove_suffix(1);
  const std::size_t point = text.find('.');
  const auto whole = decimal(text.substr(0, point));
  std::int64_t parts = 0;
  if (point != std::string_view::npos) {
    const std::string_view digits = text.substr(point + 1);
    const auto number = decimal(digits);
    if (!number || digits.size() > 2) return std::nullopt;
    parts = digits.size() == 1 ? *number * 10 : *number;
  }
  if (!whole || *whole > 100 || *whole * 100 + parts > 10000) return std::nullopt;
  return *whole * 100 + parts;
}

/// Of a whole in units of `unit`, rounded down to them.
std::optional<SoftHard> share(std::optional<std::int64_t> whole, std::int64_t parts,
                              std::int64_t unit) {
  if (!whole || *whole / unit > kMost / 10000) return std::nullopt;
  const std::int64_t value = *whole / unit * parts / 10000 * unit;
  return SoftHard{value, value};
}

/// "+7", "0x7" and "07" are 7.
std::optional<std::int64_t> count(std::string_view text) {
  if (text.starts_with('+')) text.remove_prefix(1);
  return any_base(text);
}

std::optional<SoftHard> group_value(bool tasks, std::string_view text, const Whole& whole) {
  constexpr std::int64_t kPage = 4096;
  if (text == "infinity") return SoftHard{};
  if (const auto parts = permyriad(text)) {
    return tasks ? share(whole.tasks, *parts, 1) : share(whole.memory_bytes, *parts, kPage);
  }
  auto value = tasks ? count(text) : size_in_bytes(text);
  if (!value || *value == 0) return std::nullopt;
  if (!tasks) value = *value / kPage * kPage;  // as the kernel keeps memory.max
  return SoftHard{value, value};
}

std::optional<Amount> limit_value(bool bytes, std::string_view text) {
  if (text == "infinity") return std::make_optional<Amount>();
  const auto value = bytes ? size_in_bytes(text) : count(text);
  if (!value) return std::nullopt;
  return std::make_optional<Amount>(value);
}

}  // namespace

std::vector<Assignment> assignments(std::string_view text, std::string_view section,
                                    std::string_view directive) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  std::vector<Assignment> found;
  bool inside = false;
  for (const LogicalLine& line : logical_lines(text)) {
    const std::string_view content = trimmed(line.text);
    if (content.starts_with('[')) {
      if (!content.ends_with(']')) break;
      inside = content.substr(1, content.size() - 2) == section;
      continue;
    }
    const std::size_t equals = content.find('=');
    if (!inside || equals == std::string_view::npos) continue;
    if (trimmed(content.substr(0, equals)) != directive) continue;
    found.push_back({line.number, std::string(trimmed(content.substr(equals + 1)))});
  }
  return found;
}

std::optional<SoftHard> directive_value(std::string_view directive, std::string_view text,
                                        const Whole& whole) {
  if (directive.starts_with("Default")) directive.remove_prefix(7);
  if (directive == "TasksMax") return group_value(true, text, whole);
  if (directive == "MemoryMax") return group_value(false, text, whole);
  if (!directive.starts_with("Limit")) return std::nullopt;
  const bool bytes = directive != "LimitNPROC" && directive != "LimitNOFILE";
  const std::size_t colon = text.find(':');
  const auto soft = limit_value(bytes, text.substr(0, colon));
  const auto hard =
      colon == std::string_view::npos ? soft : limit_value(bytes, text.substr(colon + 1));
  if (!soft || !hard) return std::nullopt;
  const bool crossed = *hard && (!*soft || **soft > **hard);
  return crossed ? std::nullopt : std::optional(SoftHard{*soft, *hard});
}

}  // namespace ceiling
