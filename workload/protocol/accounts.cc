#include "workload/protocol/accounts.h"

#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

namespace ceiling {
namespace {

using Digest = std::array<unsigned char, 32>;

Digest derived(std::string_view token, std::string_view what, std::string_view account_id) {
  const std::string text = std::string(what) + " of account " + std::string(account_id);
  Digest digest{};
  unsigned int size = 0;
  if (::HMAC(EVP_sha256(), token.data(), static_cast<int>(token.size()),
             reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data(),
             &size) == nullptr) {
    throw std::runtime_error("OpenSSL cannot compute an HMAC");
  }
  return digest;
}

}  // namespace

std::string access_key_of(std::string_view token, std::string_view account_id) {
  constexpr std::string_view kDigits = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
  const Digest digest = derived(token, "access key", account_id);
  std::string key = "AKCEIL";
  for (std::size_t i = 0; key.size() < 20; ++i) key += kDigits[digest[i] % kDigits.size()];
  return key;
}

std::string secret_key_of(std::string_view token, std::string_view account_id) {
  const Digest digest = derived(token, "secret key", account_id);
  constexpr int kBytes = 30;
  std::string key(40, '\0');  // and the terminating zero, which std::string has room for
  EVP_EncodeBlock(reinterpret_cast<unsigned char*>(key.data()), digest.data(), kBytes);
  return key;
}

}  // namespace ceiling
