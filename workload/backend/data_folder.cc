#include "workload/backend/data_folder.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

#include "cgroups/error.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

HostError no_folder(const fs::path& path) {
  return {fmt::format("{}: {}", path.string(), std::generic_category().message(errno)),
          "give --data a folder on a disk that this user may write to"};
}

Descriptor open_folder(const fs::path& path) {
  Descriptor folder(::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (!folder) throw no_folder(path);
  return folder;
}

void make(const fs::path& path) {
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno != EEXIST) throw no_folder(path);
    return;
  }
  // Records are only as durable as the name of their folder.
  if (::fsync(open_folder(path / "..").get()) != 0) throw no_folder(path);
}

// What a database writes before CURRENT, which is there from its first record on.
bool comes_before_current(std::string_view name) {
  constexpr std::array<std::string_view, 5> kFirst = {"LOCK", "LOG", "IDENTITY", "MANIFEST-",
                                                      "OPTIONS-"};
  return name.ends_with(".dbtmp") ||
         std::any_of(kFirst.begin(), kFirst.end(),
                     [name](std::string_view first) { return name.starts_with(first); });
}

// RocksDB would make a new database over what a damaged one left.
void require_whole_or_empty(const fs::path& path) {
  if (fs::exists(path / "CURRENT")) return;
  for (const auto& entry : fs::directory_iterator(path)) {
    const std::string name = entry.path().filename();
    if (comes_before_current(name)) continue;
    throw HostError(fmt::format("{}: has {} but no CURRENT: damaged, or no backend's folder",
                                path.string(), name),
                    "restore it from a copy, or give --data another folder");
  }
}

}  // namespace

DataFolder::DataFolder(fs::path path) : path_(std::move(path)) {
  make(path_);
  lock_ = open_folder(path_);
  if (::flock(lock_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) throw no_folder(path_);
    throw HostError(fmt::format("{}: held by another backend that lives", path_.string()),
                    "stop it, or give --data another folder");
  }
  require_whole_or_empty(path_);
}

}  // namespace ceiling
