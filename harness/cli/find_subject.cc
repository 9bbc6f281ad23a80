#include "harness/cli/find_subject.h"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <sstream>
#include <system_error>

#include "harness/cli/verb.h"

namespace ceiling {
namespace {

namespace fs = std::filesystem;

User user_of(const passwd& entry) {
  User user;
  user.name = entry.pw_name;
  if (entry.pw_uid == ::geteuid()) return user;
  int count = 0;
  ::getgrouplist(entry.pw_name, entry.pw_gid, nullptr, &count);
  user.identity.groups.resize(static_cast<std::size_t>(count));
  ::getgrouplist(entry.pw_name, entry.pw_gid, user.identity.groups.data(), &count);
  user.identity.uid = entry.pw_uid;
  user.identity.gid = entry.pw_gid;
  user.environment = {{"HOME", entry.pw_dir}, {"USER", entry.pw_name}, {"LOGNAME", entry.pw_name}};
  return user;
}

/// 0, or the errno with which execve(2) would refuse it.
int why_not(const fs::path& program) {
  struct stat about {};
  if (::stat(program.c_str(), &about) != 0) return errno;
  const bool executable = S_ISREG(about.st_mode) && (about.st_mode & 0111) != 0;
  return executable ? 0 : EACCES;
}

}  // namespace

User user_for(const std::string& name) {
  if (!name.empty()) {
    const passwd* entry = ::getpwnam(name.c_str());
    if (entry != nullptr) return user_of(*entry);
    throw Usage(fmt::format("--user: found \"{}\", expected a user of this host", name));
  }
  const char* sudo = std::getenv("SUDO_UID");
  const bool called = sudo != nullptr && ::geteuid() == 0;
  const uid_t uid = called ? static_cast<uid_t>(std::strtoul(sudo, nullptr, 10)) : ::geteuid();
  const passwd* entry = ::getpwuid(uid);
  if (entry != nullptr) return user_of(*entry);
  if (!called) return {.name = fmt::format("uid {}", uid), .identity = {}, .environment = {}};
  throw Usage(fmt::format("SUDO_UID is {}, and this host has no such user: expected --user", uid));
}

std::vector<std::string> resolved(std::vector<std::string> command) {
  std::string& program = command.front();
  int error = ENOENT;
  if (program.find('/') != std::string::npos) {
    error = why_not(program);
    if (error == 0) program = fs::absolute(program).lexically_normal();
  } else {
    const char* path = std::getenv("PATH");
    std::istringstream folders(path != nullptr ? path : "/usr/local/bin:/usr/bin:/bin");
    for (std::string folder; error != 0 && std::getline(folders, folder, ':');) {
      const fs::path candidate = fs::absolute(fs::path(folder.empty() ? "." : folder) / program);
      const int found = why_not(candidate);
      if (found == 0) program = candidate.lexically_normal();
      if (found == 0 || found == EACCES) error = found;
    }
  }
  if (error == 0) return command;
  throw Usage(fmt::format("{}: {}: expected a program that can be executed", program,
                          std::generic_category().message(error)));
}

std::map<std::string, std::string> environment_with(std::map<std::string, std::string> more) {
  for (char** one = ::environ; one != nullptr && *one != nullptr; ++one) {
    const std::string_view text = *one;
    const auto equals = text.find('=');
    if (equals == std::string_view::npos) continue;
    more.try_emplace(std::string(text.substr(0, equals)), text.substr(equals + 1));
  }
  return more;
}

}  // namespace ceiling
