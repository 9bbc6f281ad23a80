#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "workload/protocol/http_api.h"

namespace ceiling {

/// The service's HTTP protocol (http_api.h) as a caller sees it: requests as the bytes to send,
/// answers from their bodies. Pure.

std::string put_request(std::string_view host, std::string_view token, const std::string& stream,
                        const std::string& key, std::string_view data);
/// Asks for the one record that `from` points at.
std::string get_request(std::string_view host, std::string_view token,
                        const http_api::Iterator& from);

struct Stored {
  int shard = 0;
  std::uint64_t sequence = 0;
};
/// Nothing where the body does not say where the record was stored.
std::optional<Stored> parse_stored(std::string_view body);

/// What is wrong with the body as the answer that brings exactly this record back; empty: nothing.
std::string readback_problem(std::string_view body, std::string_view key, std::string_view data,
                             std::uint64_t sequence);

/// The error's name in the body of a refusal, or "HTTP <status>" where it has none.
std::string error_name(unsigned status, std::string_view body);

}  // namespace ceiling
