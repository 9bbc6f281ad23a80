#include "harness/find/command_output.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {
namespace {

constexpr int kPipeBytes = 1 << 20;  // of an unprivileged user, pipe(7); more is refused
constexpr std::size_t kAtOnce = 64 << 10;
constexpr std::size_t kTail = 4096;
constexpr std::size_t kLongestLine = 400;
constexpr std::size_t kLastLines = 5;

std::string_view written(int file, std::string_view text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t taken = ::write(file, rest.data(), rest.size());
    if (taken <= 0) break;  // a full disk: dropped
    rest.remove_prefix(static_cast<std::size_t>(taken));
  }
  return text.substr(0, text.size() - rest.size());
}

}  // namespace

CommandOutput::CommandOutput(std::optional<int> log, std::optional<uid_t> owner) : log_(log) {
  std::array<int, 2> ends{};
  if (::pipe2(ends.data(), O_CLOEXEC) != 0) {
    throw Error("pipe: " + std::generic_category().message(errno));
  }
  reading_ = Descriptor(ends[0]);
  writing_ = Descriptor(ends[1]);
  ::fcntl(reading_.get(), F_SETFL, O_NONBLOCK);
  ::fcntl(writing_.get(), F_SETPIPE_SZ, kPipeBytes);
  if (owner) ::fchown(writing_.get(), *owner, static_cast<gid_t>(-1));
}

bool CommandOutput::take() {
  std::array<char, kAtOnce> bytes;
  const ssize_t got = ::read(reading_.get(), bytes.data(), bytes.size());
  if (got <= 0) return false;
  const std::string_view text(bytes.data(), static_cast<std::size_t>(got));
  if (line_) line_->take(text);
  keep(text);
  tail_.append(text.substr(text.size() - std::min(text.size(), kTail)));
  if (tail_.size() > kTail) tail_.erase(0, tail_.size() - kTail);
  return true;
}

void CommandOutput::take_all() {
  for (int left = kPipeBytes; left > 0 && take();) left -= static_cast<int>(kAtOnce);
}

void CommandOutput::keep(std::string_view text) {
  if (!log_) return;
  const auto room = static_cast<std::size_t>(kMost - kept_);
  const std::size_t kept = written(*log_, text.substr(0, std::min(text.size(), room))).size();
  kept_ += kept;
  dropped_ += text.size() - kept;
}

void CommandOutput::finish() {
  while (take()) {
  }
  if (dropped_ == 0) return;
  written(*log_,
          "\nceiling: " + std::to_string(dropped_) + " bytes that came after these were dropped\n");
}

std::vector<std::string> CommandOutput::last_lines() const {
  std::vector<std::string> lines;
  std::string_view rest = tail_;
  while (lines.size() < kLastLines && !rest.empty()) {
    const auto end = rest.find_last_of('\n');
    std::string_view line = end == std::string_view::npos ? rest : rest.substr(end + 1);
    rest.remove_suffix(end == std::string_view::npos ? rest.size() : rest.size() - end);
    line = line.substr(0, line.find_last_not_of(" \t\r") + 1);
    if (!line.empty()) lines.emplace(lines.begin(), line.substr(0, kLongestLine));
  }
  return lines;
}

std::string CommandOutput::last_line() const {
  const std::vector<std::string> lines = last_lines();
  return lines.empty() ? "" : lines.back();
}

}  // namespace ceiling
