#include "harness/observe/results_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {
namespace {

std::string why() {
  return std::generic_category().message(errno);
}

/// A number from the environment that sudo sets.
std::optional<unsigned> number_of(const char* name) {
  const char* text = std::getenv(name);
  if (text == nullptr) return std::nullopt;
  const std::string_view digits(text);
  unsigned value = 0;
  const auto parsed = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (parsed.ec != std::errc{} || parsed.ptr != digits.data() + digits.size()) return std::nullopt;
  return value;
}

void give_to_caller(int fd) {
  const auto uid = number_of("SUDO_UID");
  const auto gid = number_of("SUDO_GID");
  // A file system without owners is no reason to fail a run.
  if (uid && gid && ::geteuid() == 0) [[maybe_unused]]
    const int ignored = ::fchown(fd, *uid, *gid);
}

Descriptor open_folder(int at, const std::string& name) {
  return Descriptor(::openat(at, name.c_str(), O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC | O_RDONLY));
}

Descriptor make_folder(int at, const std::string& name) {
  if (::mkdirat(at, name.c_str(), 0755) != 0) return Descriptor();
  Descriptor folder = open_folder(at, name);
  if (folder) give_to_caller(folder.get());
  return folder;
}

Descriptor open_for_append(int at, const std::string& name) {
  Descriptor file(::openat(at, name.c_str(),
                           O_WRONLY | O_APPEND | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) throw Error(fmt::format("cannot create {}: {}", name, why()));
  give_to_caller(file.get());
  return file;
}

std::string timestamp() {
  const std::time_t now = std::time(nullptr);
  std::tm utc{};
  ::gmtime_r(&now, &utc);
  std::string text(16, '\0');
  std::strftime(text.data(), text.size() + 1, "%Y%m%dT%H%M%SZ", &utc);
  return text;
}

[[noreturn]] void fail(const char* what, const std::filesystem::path& file,
                       const std::string& reason) {
  throw HostError(fmt::format("cannot {} {}: {}", what, file.string(), reason),
                  "make room there, or choose another place");
}

/// False, and errno.
bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

/// `at`: the open folder of `path`.
void write_file(int at, const std::filesystem::path& path, std::string_view text) {
  const std::string name = path.filename();
  const std::string aside = name + ".new";
  ::unlinkat(at, aside.c_str(), 0);
  const auto give_up = [&](const char* what) {
    const std::string reason = why();
    ::unlinkat(at, aside.c_str(), 0);
    fail(what, path, reason);
  };
  const Descriptor file(
      ::openat(at, aside.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644));
  if (!file) give_up("create");
  give_to_caller(file.get());
  if (!write_all(file.get(), text)) give_up("write");
  if (::renameat(at, aside.c_str(), at, name.c_str()) != 0) give_up("rename");
}

}  // namespace

ResultsFolder ResultsFolder::create(const std::filesystem::path& parent,
                                    const std::string& experiment, const std::string& run_id) {
  const std::string above = parent.lexically_normal().string();
  Descriptor base = open_folder(AT_FDCWD, above);
  if (!base && errno == ENOENT) base = make_folder(AT_FDCWD, above);
  if (!base) throw Error(fmt::format("cannot open the results folder {}: {}", above, why()));

  ResultsFolder results;
  const std::string name = fmt::format("{}-{}-{}", experiment, timestamp(), run_id);
  results.folder_ = make_folder(base.get(), name);
  if (!results.folder_) throw Error(fmt::format("cannot create {}/{}: {}", above, name, why()));
  results.path_ = parent.lexically_normal() / name;
  results.logs_ = make_folder(results.folder_.get(), "logs");
  if (!results.logs_) {
    const std::string reason = why();
    ::unlinkat(base.get(), name.c_str(), AT_REMOVEDIR);
    throw Error(fmt::format("cannot create {}/logs: {}", results.path_.string(), reason));
  }
  return results;
}

Descriptor ResultsFolder::open_new(const std::string& name) const {
  return open_for_append(folder_.get(), name);
}

Descriptor ResultsFolder::open_log(const std::string& name) const {
  return open_for_append(logs_.get(), name);
}

Descriptor ResultsFolder::new_folder(const std::string& name) const {
  Descriptor folder = make_folder(folder_.get(), name);
  if (!folder) throw Error(fmt::format("cannot create {}/{}: {}", path_.string(), name, why()));
  return folder;
}

void ResultsFolder::write(const std::string& name, std::string_view text) const {
  write_file(folder_.get(), path_ / name, text);
}

bool is_special(const std::filesystem::path& file) {
  std::error_code ignored;
  return std::filesystem::is_other(std::filesystem::status(file, ignored));
}

void write_user_file(const std::filesystem::path& file, std::string_view text) {
  if (is_special(file)) {
    const Descriptor open(::open(file.c_str(), O_WRONLY | O_CLOEXEC | O_NOCTTY));
    if (!open || !write_all(open.get(), text)) fail("write", file, why());
    return;
  }
  const std::filesystem::path folder = file.has_parent_path() ? file.parent_path() : ".";
  const Descriptor at(::open(folder.c_str(), O_DIRECTORY | O_CLOEXEC | O_RDONLY));
  if (!at) {
    throw HostError(fmt::format("cannot open {}: {}", folder.string(), why()),
                    "choose another place with --output FILE");
  }
  write_file(at.get(), file, text);
}

}  // namespace ceiling
