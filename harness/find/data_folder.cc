#include "harness/find/data_folder.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "cgroups/error.h"

namespace ceiling {

DataFolder::DataFolder(const std::filesystem::path& above, int number, uid_t uid, gid_t gid)
    : path_(above / std::to_string(number)) {
  if (::mkdir(path_.c_str(), 0755) != 0 || ::chmod(path_.c_str(), 0755) != 0 ||
      ::chown(path_.c_str(), uid, gid) != 0) {
    throw Error(fmt::format("{}: {}", path_.string(), std::generic_category().message(errno)));
  }
}

DataFolder::~DataFolder() {
  std::error_code ignored;  // the keeper removes what is left
  std::filesystem::remove_all(path_, ignored);
}

}  // namespace ceiling
