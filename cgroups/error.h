#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace ceiling {

/// "Could not do it": what() says what was attempted, on which object, and why it failed.
/// A refusal by the kernel that is under test is never an Error: it is data.
class Error : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// This host, or this place on it, cannot do what was asked. `remedy` is what to type or change.
/// A verb that meets it ends with exit status 69.
class HostError : public Error {
 public:
  HostError(const std::string& what, std::string remedy)
      : Error(what), remedy_(std::move(remedy)) {}
  const std::string& remedy() const { return remedy_; }

 private:
  std::string remedy_;
};

}  // namespace ceiling
