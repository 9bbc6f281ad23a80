#include "workload/protocol/base64.h"

#include <openssl/evp.h>

#include <utility>

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
  const std::size_t padding = text.ends_with("==") ? 2 : text.ends_with("=") ? 1 : 0;
  if (text.size() % 4 != 0) return std::nullopt;
  std::string data(text.size() / 4 * 3, '\0');
  if (EVP_DecodeBlock(reinterpret_cast<unsigned char*>(data.data()),
                      reinterpret_cast<const unsigned char*>(text.data()),
                      static_cast<int>(text.size())) < 0) {
    return std::nullopt;
  }
  data.resize(data.size() - padding);
  // EVP_DecodeBlock passes over white space, takes "=" anywhere for a zero, and does not look at
  // the bits of the last digit that belong to no byte.
  return to_base64(data) == text ? std::optional(std::move(data)) : std::nullopt;
}

}  // namespace ceiling
