#include "workload/protocol/hash_key.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <memory>
#include <stdexcept>

namespace ceiling {
namespace {

// Fetched once: EVP_Digest by name looks the algorithm up again on every call.
const EVP_MD* md5() {
  static const std::unique_ptr<EVP_MD, decltype(&EVP_MD_free)> digest(
      EVP_MD_fetch(nullptr, "MD5", nullptr), &EVP_MD_free);
  return digest.get();
}

// floor(part·2^128/parts) without a 256-bit product.
HashKey boundary(HashKey part, HashKey parts) {
  const HashKey quotient = ~HashKey{0} / parts;
  const HashKey remainder = ~HashKey{0} % parts + 1;  // 2^128 = quotient·parts + remainder
  return part * quotient + part * remainder / parts;
}

}  // namespace

HashKey hash_key(std::string_view partition_key) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int size = 0;
  if (EVP_Digest(partition_key.data(), partition_key.size(), digest.data(), &size, md5(),
                 nullptr) != 1 ||
      size != 16) {
    throw std::runtime_error("OpenSSL cannot compute an MD5 digest");
  }
  HashKey key = 0;
  for (unsigned int i = 0; i < size; ++i) key = key << 8 | digest[i];
  return key;
}

std::string to_decimal(HashKey key) {
  std::string digits;
  do {
    digits += static_cast<char>('0' + static_cast<int>(key % 10));
    key /= 10;
  } while (key != 0);
  std::reverse(digits.begin(), digits.end());
  return digits;
}

std::optional<HashKey> hash_key_of_decimal(std::string_view digits) {
  if (digits.empty() || (digits.front() == '0' && digits != "0")) return std::nullopt;
  HashKey key = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return std::nullopt;
    const auto digit = static_cast<HashKey>(c - '0');
    if (key > (~HashKey{0} - digit) / 10) return std::nullopt;
    key = key * 10 + digit;
  }
  return key;
}

HashRange shard_range(int shard, int shards) {
  const auto parts = static_cast<HashKey>(shards);
  const auto index = static_cast<HashKey>(shard);
  const HashKey last = shard + 1 == shards ? ~HashKey{0} : boundary(index + 1, parts) - 1;
  return {boundary(index, parts), last};
}

}  // namespace ceiling
