#include "tests/kernel/property/host_values.h"

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "cgroups/headroom.h"

namespace ceiling {
namespace {

const std::filesystem::path kKernel = "/proc/sys/kernel";
const std::filesystem::path kMemory = "/proc/sys/vm";

}  // namespace

HostValues::HostValues(const Combination&) {}

HostValues::~HostValues() = default;

}  // namespace ceiling
