#include "cgroups/kernel_release.h"

#include <sys/utsname.h>

#include <cstdio>

namespace ceiling {

bool is_linux_from(const std::string& release, int major, int minor) {
  int first = 0;
  int second = 0;
  if (std::sscanf(release.c_str(), "%d.%d", &first, &second) != 2) return false;
  return first > major || (first == major && second >= minor);
}

bool is_linux_from(int major, int minor) {
  utsname host{};
  ::uname(&host);
  return is_linux_from(host.release, major, minor);
}

}  // namespace ceiling
