#pragma once

#include <string>
#include <string_view>

namespace ceiling {

/// Every fleet has this account; its canaries and `ceiling serve` use it.
inline constexpr std::string_view kFleetAccount = "000000000001";
inline constexpr std::string_view kRegion = "us-east-1";

/// The keys of account `account_id` (12 digits) in the run with this token: whoever knows the token
/// works them out, and nobody has to be told a secret. 20 and 40 characters, as clients expect.
std::string access_key_of(std::string_view token, std::string_view account_id);
std::string secret_key_of(std::string_view token, std::string_view account_id);

}  // namespace ceiling
