#include "cgroups/limits/threads_max.h"

#include <algorithm>
#include <cerrno>

#include "cgroups/control_file.h"

namespace ceiling {

Limit threads_max_limit(const std::filesystem::path& root) {
  const std::filesystem::path file = root / "proc/sys/kernel/threads-max";
  const std::filesystem::path load = root / "proc/loadavg";
  const std::vector<std::string> fields = words(read_file(load));
  const std::string counts = fields.size() > 3 ? fields[3] : "";
  Limit row;
  row.name = "kernel.threads-max";
  row.scope = "host";
  row.where = file.string();
  row.value = parse_count(read_file(file), file.string());
  row.used = parse_count(counts.substr(std::min(counts.size(), counts.find('/') + 1)),
                         load.string() + " field 4")
                 .value_or(0);
  row.threads_left = std::max<std::int64_t>(0, row.value.value_or(0) - row.used);
  row.refusal_errno = EAGAIN;
  return row;
}

}  // namespace ceiling
