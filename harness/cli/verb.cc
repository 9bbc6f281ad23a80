#include "harness/cli/verb.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <system_error>

#include "cgroups/descriptor.h"
#include "cgroups/error.h"
#include "harness/observe/results_folder.h"

namespace ceiling {
namespace {

constexpr std::size_t kMaxExperimentBytes = 1 << 20;

}  // namespace

CLI::Validator whole_number(std::uint64_t least) {
  return {[least](const std::string& text) -> std::string {
            std::uint64_t number = 0;
            const char* const end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, number);
            if (read.ec == std::errc{} && read.ptr == end && number >= least) return "";
            return fmt::format("found \"{}\", expected a whole number from {}", text, least);
          },
          "N"};
}
CLI::Validator decimal(double least, double most) {
  return {[least, most](const std::string& text) -> std::string {
            double number = 0;
            const char* const end = text.data() + text.size();
            const auto read = std::from_chars(text.data(), end, number);
            const bool whole = read.ec == std::errc{} && read.ptr == end;
            if (whole && number >= least && number <= most) return "";
            return fmt::format("found \"{}\", expected a number from {} to {}", text, least, most);
          },
          "X"};
}

void Output::add_to(CLI::App& app, const std::vector<std::string>& formats) {
  app.add_option("--format", format, "how the result is written")
      ->check(CLI::IsMember(formats))
      ->capture_default_str();
  app.add_option("--output", file, "write the result to this file instead of stdout");
}

bool Output::colour() const {
  const char* no_colour = std::getenv("NO_COLOR");
  return (no_colour == nullptr || *no_colour == '\0') && file.empty() &&
         ::isatty(STDOUT_FILENO) == 1;
}

void Output::check() const {
  if (!file.empty()) check_writable("--output", file);
}

void Output::write(std::string_view text) const {
  if (!file.empty()) return write_user_file(file, text);
  while (!text.empty()) {
    const ssize_t written = ::write(STDOUT_FILENO, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) {
      throw HostError("cannot write to stdout: " + std::generic_category().message(errno),
                      "write to a file with --output FILE");
    }
    text.remove_prefix(static_cast<std::size_t>(written));
  }
}

void tell(std::string_view text) noexcept {
  [[maybe_unused]] const ssize_t unread = ::write(STDERR_FILENO, text.data(), text.size());
}

void ExperimentArguments::add_to(CLI::App& app, bool required) {
  app.add_option("EXPERIMENT", file, "experiment file (YAML)")->required(required);
  app.add_option("--set", overrides, "override one value, as in --set limits.pids.max=40")
      ->type_name("KEY=VALUE")
      ->allow_extra_args(false);
}

Experiment ExperimentArguments::read(const std::vector<std::string>& more,
                                     std::string_view only_arm) const {
  std::vector<std::string> laid = overrides;
  laid.insert(laid.end(), more.begin(), more.end());
  return parse_experiment(read_bounded(file, kMaxExperimentBytes), file.string(), laid, only_arm);
}

void check_writable(const std::string& option, const std::filesystem::path& file) {
  namespace fs = std::filesystem;
  const bool special = is_special(file);
  const fs::path place = special ? file : file.has_parent_path() ? file.parent_path() : ".";
  std::error_code none;  // what cannot be looked at cannot be written
  if (fs::is_directory(file, none) || ::access(place.c_str(), special ? W_OK : W_OK | X_OK) != 0) {
    throw Usage(fmt::format("{} {}: cannot write a file there", option, file.string()));
  }
  if (fs::is_symlink(file, none) && fs::is_regular_file(file, none)) {  // as /dev/stdout may be
    throw Usage(
        fmt::format("{} {}: found a link, expected the file itself", option, file.string()));
  }
}

std::string read_bounded(const std::filesystem::path& file, std::size_t most) {
  const auto refuse = [&](const std::string& text) {
    return BadInput(file.string(), {Finding{.line = 0, .column = 0, .text = text}});
  };
  // Not blocking: a FIFO without a writer is no file of ours, but must not hang the verb either.
  const Descriptor open(::open(file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
  struct stat info {};
  if (!open || ::fstat(open.get(), &info) != 0) {
    throw refuse(std::generic_category().message(errno));
  }
  if (!S_ISREG(info.st_mode)) throw refuse("found no regular file, expected one");
  std::string text;
  std::array<char, 1 << 16> chunk{};
  for (;;) {
    const ssize_t got = ::read(open.get(), chunk.data(), chunk.size());
    if (got < 0) throw refuse(std::generic_category().message(errno));
    if (got == 0) break;
    text.append(chunk.data(), static_cast<std::size_t>(got));
    if (text.size() > most) {
      throw refuse(fmt::format("found more than {} bytes, expected at most that", most));
    }
  }
  return text;
}

}  // namespace ceiling
