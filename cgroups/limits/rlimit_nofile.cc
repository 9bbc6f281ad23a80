#include "cgroups/limits/rlimit_nofile.h"

#include <algorithm>

#include "cgroups/limits/row.h"

namespace ceiling {

Limit rlimit_nofile_limit(const PlaceFacts& place, std::int64_t threads_per_peer,
                          std::int64_t descriptors_per_peer) {
  Limit row = process_row("RLIMIT_NOFILE", place, EMFILE);
  row.unit = "descriptors";
  if (needs_process(row, place)) return row;
  if (!take(row, place.nofile, place.descriptors)) return row;
  const std::int64_t room = std::max<std::int64_t>(0, *row.value - row.used);
  row.threads_left = room / descriptors_per_peer * threads_per_peer;
  remark(row, "refuses a connection, not a thread");
  return row;
}

}  // namespace ceiling
