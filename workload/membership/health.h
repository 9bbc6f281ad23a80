#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace ceiling {

/// Of a cache server, which is always asked.
inline constexpr std::chrono::milliseconds kCachePatience{2000};

/// Who of the members does not answer in time. Each is asked, and asked again at the first look
/// after its answer. Times are given to it: it has no clock.
class HealthCheck {
 public:
  using Time = std::chrono::steady_clock::time_point;

  struct Question {
    std::string member;
    std::uint64_t id = 0;
  };
  struct Silence {
    std::string member;
    std::chrono::milliseconds lasted{};
  };
  struct Look {
    std::vector<Question> ask;    ///< to be sent now
    std::vector<Silence> silent;  ///< too long; they are members no more
  };

  /// `timeout` 0: off, nobody is asked.
  explicit HealthCheck(std::chrono::milliseconds timeout) : timeout_(timeout) {}

  bool on() const { return timeout_.count() > 0; }
  /// From one look to the next.
  std::chrono::milliseconds period() const { return timeout_ / 4; }

  void joined(const std::string& member) { asked_[member] = std::nullopt; }
  void gone(std::string_view member);
  void answered(std::string_view member, std::uint64_t id);
  /// A look that comes late by more than half the timeout takes nobody's silence for his own: all
  /// that is open counts from then on.
  Look look(Time now);

 private:
  struct Asked {
    std::uint64_t id = 0;
    Time at;
  };

  std::chrono::milliseconds timeout_;
  std::uint64_t questions_ = 0;
  std::optional<Time> last_look_;
  std::map<std::string, std::optional<Asked>, std::less<>> asked_;
};

}  // namespace ceiling
