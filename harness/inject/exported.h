#pragma once

#include <linux/filter.h>

#include <string>
#include <vector>

namespace ceiling {

/// The program of a libseccomp context (scmp_filter_ctx), for a child that cannot allocate. Throws
/// Error.
std::vector<sock_filter> exported(void* context);

/// Throws Error where `result`, of a call of libseccomp, is minus an errno.
void require_seccomp(int result, const std::string& what);

}  // namespace ceiling
