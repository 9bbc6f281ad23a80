#pragma once

#include <string>
#include <utility>

namespace ceiling::frontend::kinesis {

/// What a request is answered with when it cannot be done: an error of the API reference, thrown
/// while it is worked out.
struct ApiError {
  int status = 400;
  std::string type;
  std::string message;
};

inline ApiError malformed(std::string message) {
  return {400, "SerializationException", std::move(message)};
}
inline ApiError invalid_argument(std::string message) {
  return {400, "InvalidArgumentException", std::move(message)};
}
inline ApiError not_found(std::string message) {
  return {400, "ResourceNotFoundException", std::move(message)};
}
inline ApiError internal_failure(std::string message) {
  return {500, "InternalFailure", std::move(message)};
}

}  // namespace ceiling::frontend::kinesis
