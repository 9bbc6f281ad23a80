#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "workload/protocol/signature_v4.h"

namespace ceiling {

/// The API of the frontends as a caller sees it: requests as the bytes to send, signed with the
/// keys of the fleet's account, answers from their bodies.
class KinesisRequests {
 public:
  explicit KinesisRequests(std::string token);

  /// Of the run.
  const std::string& token() const { return token_; }
  std::string put(std::string_view host, const std::string& stream, const std::string& key,
                  std::string_view data);
  /// Asks for `limit` records from `sequence` on. The iterator is made here: the token is known.
  std::string get(std::string_view host, const std::string& stream, int shard,
                  std::uint64_t sequence, int limit = 1);

 private:
  std::string signed_request(std::string_view host, std::string_view operation,
                             const std::string& body);

  std::string token_;
  sigv4::Signer signer_;
};

struct Stored {
  int shard = 0;
  std::uint64_t sequence = 0;
};
/// Nothing where the body does not say where the record was stored.
std::optional<Stored> parse_stored(std::string_view body);

/// What is wrong with the body as the answer that brings exactly this record back; empty: nothing.
std::string readback_problem(std::string_view body, std::string_view key, std::string_view data,
                             std::uint64_t sequence);

/// Of the last record in the body of an answer to get(); nothing where it has none.
std::optional<std::uint64_t> last_sequence(std::string_view body);

/// The error's name in the body of a refusal, or "HTTP <status>" where it has none.
std::string error_name(unsigned status, std::string_view body);

}  // namespace ceiling
