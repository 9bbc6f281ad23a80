#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>

#include "workload/frontend/kinesis/operations.h"

namespace ceiling::frontend::kinesis {

/// A value with members by name. Inside the frontend a blob is a json::binary and a timestamp a
/// number of milliseconds since the epoch, however the client wrote them.
using Document = nlohmann::json;

/// application/x-amz-json-1.1: blobs in base64, timestamps in seconds. application/x-amz-cbor-1.1:
/// blobs as byte strings, timestamps in milliseconds (tag 1 is read, and not written).
enum class Format { json, cbor };
std::optional<Format> format_of(std::string_view content_type);
std::string_view content_type_of(Format format);

/// The request in `body`, with the members of `operation` alone: what it does not know is left out,
/// what is null is not there. Throws ApiError: SerializationException where it is no object or a
/// member has another type, ValidationException, with every violation, where a required member is
/// missing or a bound is not kept.
Document parse_request(std::string_view body, Format format, const Operation& operation);

/// `answer` as the client wants to read it.
std::string write_answer(const Document& answer, Format format);
/// A member that is a timestamp.
Document timestamp(std::uint64_t ms, Format format);

}  // namespace ceiling::frontend::kinesis
