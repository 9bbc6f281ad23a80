#include "workload/protocol/base64.h"

#include <openssl/evp.h>

namespace ceiling {

std::string to_base64(std::string_view data) {
  // EVP_EncodeBlock writes a terminating zero, which std::string has room for.
  std::string text((data.size() + 2) / 3 * 4, '\0');
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                  reinterpret_cast<const unsigned char*>(data.data()),
                  static_cast<int>(data.size()));
  return text;
}

std::optional<std::string> from_base64(std::string_view text) {
  constexpr std::string_view kDigits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  // EVP_DecodeBlock takes "=" anywhere for a zero, and passes over white space.
  const auto digits = text.substr(0, text.size() - padding);
  if (text.size() % 4 != 0 || digits.find_first_not_of(kDigits) != digits.npos) {
    return std::nullopt;
  }
  // Nor does it look at the bits of the last digit that belong to no byte.
  if (padding > 0 && kDigits.find(digits.back()) % (padding == 1 ? 4 : 16) != 0) {
    return std::nullopt;
  }
  std::string data(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  data.resize(data.size() - padding);
  return data;
}

}  // namespace ceiling
