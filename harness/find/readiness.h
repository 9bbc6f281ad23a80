#pragma once

#include <regex>
#include <string>
#include <string_view>

namespace ceiling {

/// True where 127.0.0.1:port accepts a connection.
bool listens(int port);

/// Looks for a line in what a command says.
class LineWatch {
 public:
  /// Throws std::regex_error.
  explicit LineWatch(const std::string& expression) : expression_(expression) {}

  /// What it said next. Of longer lines the first 4096 bytes count.
  void take(std::string_view text);
  /// True once a whole line matched.
  bool matched() const { return matched_; }

 private:
  std::regex expression_;
  std::string line_;
  bool matched_ = false;
};

}  // namespace ceiling
