#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/configs/origin.h"

namespace ceiling {

/// `text` without the white space around it.
std::string_view trimmed(std::string_view text);
/// The words of `text`, white space between them.
std::vector<std::string_view> words_of(std::string_view text);
/// `text` in lower case, ASCII only.
std::string lower(std::string_view text);
/// "unlimited" or the number.
std::string amount_text(Amount amount);

/// A whole decimal number; nothing for anything else and for what an int64 cannot hold.
std::optional<std::int64_t> decimal(std::string_view text);
/// A whole number in decimal, 0x hexadecimal or 0 octal, as the kernel takes a sysctl and systemd a
/// count.
std::optional<std::int64_t> any_base(std::string_view text);

}  // namespace ceiling
