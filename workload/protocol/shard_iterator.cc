#include "workload/protocol/shard_iterator.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <stdexcept>

#include "workload/protocol/base64.h"

namespace ceiling {
namespace {

constexpr std::size_t kTagBytes = 16;
constexpr std::size_t kAccountBytes = 12;
constexpr std::size_t kFixedBytes = 8 + 8 + 4 + kAccountBytes;

std::string tag(std::string_view content, std::string_view token) {
  const std::string key = "shard iterator " + std::string(token);
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  if (::HMAC(EVP_sha256(), key.data(), static_cast<int>(key.size()),
             reinterpret_cast<const unsigned char*>(content.data()), content.size(), digest.data(),
             nullptr) == nullptr) {
    throw std::runtime_error("OpenSSL cannot compute an HMAC");
  }
  return {reinterpret_cast<const char*>(digest.data()), kTagBytes};
}

void append(std::string& bytes, std::uint64_t number, int size) {
  for (int shift = 8 * (size - 1); shift >= 0; shift -= 8) {
    bytes += static_cast<char>(number >> shift & 0xff);
  }
}

std::uint64_t take(std::string_view& bytes, std::size_t size) {
  std::uint64_t number = 0;
  for (const char byte : bytes.substr(0, size)) {
    number = number << 8 | static_cast<unsigned char>(byte);
  }
  bytes.remove_prefix(size);
  return number;
}

}  // namespace

std::string seal(const ShardIterator& iterator, std::string_view token) {
  std::string content;
  append(content, iterator.issued_ms, 8);
  append(content, iterator.sequence, 8);
  append(content, iterator.shard, 4);
  content += iterator.account;
  content.resize(kFixedBytes, ' ');
  content += iterator.stream;
  return to_base64(content + tag(content, token));
}

std::optional<ShardIterator> open_iterator(std::string_view text, std::string_view token) {
  const auto bytes = from_base64(text);
  if (!bytes || bytes->size() <= kFixedBytes + kTagBytes) return std::nullopt;
  std::string_view content(*bytes);
  const std::string_view given = content.substr(content.size() - kTagBytes);
  content.remove_suffix(kTagBytes);
  if (CRYPTO_memcmp(tag(content, token).data(), given.data(), kTagBytes) != 0) return std::nullopt;
  ShardIterator iterator;
  iterator.issued_ms = take(content, 8);
  iterator.sequence = take(content, 8);
  iterator.shard = static_cast<std::uint32_t>(take(content, 4));
  iterator.account = content.substr(0, kAccountBytes);
  iterator.stream = content.substr(kAccountBytes);
  return iterator;
}

}  // namespace ceiling
