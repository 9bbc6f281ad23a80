#include "workload/protocol/process.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/crypto.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <array>
#include <boost/system/system_error.hpp>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <exception>
#include <stdexcept>
#include <string_view>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling::wire {

std::string token_from_environment() {
  const char* token = std::getenv("CEILING_TOKEN");
  if (token == nullptr || *token == '\0') {
    throw std::runtime_error(
        "CEILING_TOKEN is not set: every process of a fleet needs the same token in it");
  }
  return token;
}

RemovedByMembership::RemovedByMembership(std::uint64_t silent_ms)
    : std::runtime_error(
          fmt::format("removed by membership after {} ms without an answer", silent_ms)) {}

int run_program(const std::string& name, const std::function<int()>& serve) {
  ::prctl(PR_SET_NAME, name.c_str());
  try {
    return serve();
  } catch (const std::invalid_argument& error) {
    log_line(name, error.what());
    return kUsage;
  } catch (const RemovedByMembership& error) {
    log_line(name, error.what());
    return kRemoved;
  } catch (const HostError& error) {
    log_line(name, fmt::format("{}: {}", error.what(), error.remedy()));
    return kHost;
  } catch (const boost::system::system_error& error) {
    log_line(name, error.what());
    return kHost;
  } catch (const std::exception& error) {
    log_line(name, error.what());
    return kDefect;
  }
}

bool same_token(std::string_view one, std::string_view other) {
  return one.size() == other.size() && CRYPTO_memcmp(one.data(), other.data(), one.size()) == 0;
}

std::uint32_t own_tasks() {
  // No stream, no allocation: this is also read when memory was just refused.
  std::array<char, 1024> text{};
  static const int file = [] {
    const int opened = ::open("/proc/self/stat", O_RDONLY | O_CLOEXEC);
    if (opened < 0) throw std::system_error(errno, std::generic_category(), "/proc/self/stat");
    return opened;
  }();
  const ssize_t got = ::pread(file, text.data(), text.size(), 0);
  std::string_view rest(text.data(), got > 0 ? static_cast<std::size_t>(got) : 0);
  // The name in field 2 may hold anything; what follows its last ")" is field 3 and on.
  rest.remove_prefix(std::min(rest.rfind(')') + 1, rest.size()));
  for (int field = 2; field < 20 && !rest.empty(); ++field) {
    rest.remove_prefix(std::min(rest.find(' ') + 1, rest.size()));
  }
  std::uint32_t tasks = 0;
  if (std::from_chars(rest.data(), rest.data() + rest.size(), tasks).ec != std::errc{}) {
    throw std::runtime_error("/proc/self/stat has no field 20");
  }
  return tasks;
}

void log_line(const std::string& name, const std::string& text) {
  const std::string line = fmt::format("{}: {}\n", name, text);
  // A log that cannot be written must not end the process that it is about.
  [[maybe_unused]] const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
}

}  // namespace ceiling::wire
