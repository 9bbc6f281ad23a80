#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "harness/configs/origin.h"

namespace ceiling {

/// A user as pam_limits sees one at login.
struct Login {
  struct Group {
    std::string name;
    std::uint32_t gid = 0;
  };
  std::string user;
  std::uint32_t uid = 0;
  std::uint32_t gid = 0;      ///< the primary group
  std::vector<Group> groups;  ///< the primary one among them
};

/// The user with that uid, by /etc/passwd and /etc/group below `root`; nothing for a user that they
/// do not know (a directory service may).
std::optional<Login> login_of(const std::filesystem::path& root, std::uint32_t uid);

enum class LimitKind { soft, hard };

/// The item of limits.conf(5) for a limit of `check`: RLIMIT_NPROC -> nproc. Nothing for limits
/// that it cannot set.
std::optional<std::string> limits_conf_item(std::string_view limit);

/// The line of /etc/security/limits.conf or limits.d/*.conf that gives `login` this soft or hard
/// `item` (nproc, as, data, memlock, nofile, stack), by the rules of pam_limits: a line for the
/// user or a range of uids beats one for a group, which beats `*`; among equals the later one wins;
/// `*` and names of groups do not mean root, numbers do. `value` is what holds, in tasks,
/// descriptors or bytes (the file has KiB). Nothing is answered where the line says another value:
/// the process did not come by a login, or was changed since.
Origin limits_conf_origin(const std::filesystem::path& root, const Login& login,
                          std::string_view item, Amount value, LimitKind kind);

}  // namespace ceiling
