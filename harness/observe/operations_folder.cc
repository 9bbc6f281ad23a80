#include "harness/observe/operations_folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <memory>
#include <optional>
#include <system_error>
#include <vector>

#include "cgroups/error.h"
#include "harness/observe/client_log.h"

namespace ceiling {
namespace {

constexpr std::size_t kMostFiles = 200;
constexpr std::size_t kMostBytes = std::size_t{64} << 20;
constexpr std::size_t kMostBytesInAll = std::size_t{1} << 30;
constexpr std::size_t kMostDamage = 10;
constexpr std::size_t kLongestName = 64;
constexpr std::string_view kSuffix = ".jsonl";

std::string why() {
  return std::generic_category().message(errno);
}

std::vector<std::string> names_in(int folder) {
  const int again = ::openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> entries(again < 0 ? nullptr : ::fdopendir(again),
                                                    ::closedir);
  if (!entries) throw Error(why());
  std::vector<std::string> names;
  while (const dirent* entry = ::readdir(entries.get())) {
    const std::string name = entry->d_name;
    if (name != "." && name != "..") names.push_back(name);
  }
  std::sort(names.begin(), names.end());
  return names;
}

/// Of "boto3.jsonl": "boto3". Nothing for any other form.
std::optional<std::string> client_of(const std::string& file) {
  if (!file.ends_with(kSuffix)) return std::nullopt;
  std::string client = file.substr(0, file.size() - kSuffix.size());
  const auto plain = [](unsigned char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '.';
  };
  const bool fits = !client.empty() && client.size() <= kLongestName &&
                    std::all_of(client.begin(), client.end(), plain);
  return fits ? std::optional(client) : std::nullopt;
}

/// As long as it is now. Throws Error with what is wrong with it.
std::string read_regular(int folder, const std::string& name, std::size_t most) {
  // A pipe would otherwise be waited for; a hard link may be to what only root may read.
  const Descriptor file(
      ::openat(folder, name.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  if (!file) throw Error(errno == ELOOP ? "is a symbolic link, expected a file" : why());
  struct stat found {};
  if (::fstat(file.get(), &found) != 0) throw Error(why());
  if (!S_ISREG(found.st_mode)) throw Error("is no regular file");
  if (found.st_nlink != 1) throw Error("has several names (hard links), expected one");
  const auto size = static_cast<std::size_t>(found.st_size);
  if (size > most) throw Error(fmt::format("has {} bytes, expected at most {}", size, most));
  std::string text(size, '\0');
  std::size_t filled = 0;
  while (filled < size) {
    const ssize_t got = ::read(file.get(), text.data() + filled, size - filled);
    if (got < 0) throw Error(why());
    if (got == 0) break;  // cut meanwhile
    filled += static_cast<std::size_t>(got);
  }
  text.resize(filled);
  return text;
}

/// Takes in the lines of one file.
class Intake {
 public:
  Intake(Recorder& recorder, const std::string& client)
      : recorder_(recorder), log_(client), taken_{.client = client} {
    const auto now = std::chrono::system_clock::now().time_since_epoch();
    start_s_ = std::chrono::duration<double>(now).count() - recorder.elapsed_s();
  }

  void take(std::string_view text) {
    for (std::size_t number = 1;; ++number) {
      const std::size_t end = text.find('\n');
      if (end == std::string_view::npos) return;
      take_line(text.substr(0, end), number);
      text.remove_prefix(end + 1);
    }
  }
  ClientEvent result() {
    if (damaged_ > kMostDamage)
      taken_.damage.push_back(fmt::format("{} more lines", damaged_ - kMostDamage));
    return std::move(taken_);
  }

 private:
  void take_line(std::string_view text, std::size_t number) {
    ClientLog::Line line;
    try {
      line = log_.read(text);
    } catch (const Error& error) {
      if (++damaged_ <= kMostDamage)
        taken_.damage.push_back(fmt::format("line {}: {}", number, error.what()));
      return;
    }
    // The client's clock is its own: what it says lies within the run.
    const double t_s = std::clamp(line.at_s - start_s_, 0.0, recorder_.elapsed_s());
    recorder_.record_at(t_s, std::move(line.op));
    ++taken_.operations;
  }

  Recorder& recorder_;
  ClientLog log_;
  ClientEvent taken_;
  std::size_t damaged_ = 0;
  double start_s_ = 0;  // of the run, Unix time
};

}  // namespace

void OperationsFolder::take_into(Recorder& recorder) const {
  const auto refuse = [&recorder](const std::string& name, const std::string& what) {
    recorder.record(ClientEvent{.client = name, .operations = 0, .damage = {what}});
  };
  std::vector<std::string> names;
  try {
    names = names_in(folder_.get());
  } catch (const Error& error) {
    return refuse("operations", error.what());
  }
  std::size_t files = 0;
  std::size_t left = kMostBytesInAll;
  for (const std::string& name : names) {
    if (++files > kMostFiles) {
      return refuse(name,
                    fmt::format("and what follows it: expected at most {} files", kMostFiles));
    }
    const auto client = client_of(name);
    if (!client) {
      refuse(name, "expected NAME.jsonl, NAME of at most 64 letters, digits, _, - and .");
      continue;
    }
    std::string text;
    try {
      text = read_regular(folder_.get(), name, std::min(left, kMostBytes));
    } catch (const Error& error) {
      refuse(name, error.what());
      continue;
    }
    left -= text.size();
    Intake intake(recorder, *client);
    intake.take(text);
    recorder.record(intake.result());
  }
}

}  // namespace ceiling
