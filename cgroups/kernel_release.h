#pragma once

#include <string>

namespace ceiling {

/// Whether the kernel whose uname -r is `release` ("6.12.117+deb12-cloud-amd64") is `major`.`minor`
/// or later. No where it does not say.
bool is_linux_from(const std::string& release, int major, int minor);
/// The same of the kernel that runs here.
bool is_linux_from(int major, int minor);

}  // namespace ceiling
