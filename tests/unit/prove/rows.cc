#include "tests/unit/prove/rows.h"

#include <cerrno>

namespace ceiling {

Limit row_with(const std::string& name, std::int64_t left, const std::string& scope) {
  Limit row;
  row.name = name;
  row.scope = scope;
  row.where = scope + "/" + name;
  row.value = 50;
  row.used = 50 - left;
  row.threads_left = left;
  row.refusal_errno = EAGAIN;
  return row;
}

Measurement refused_by_pids() {
  Measurement measured;
  measured.predicted = {row_with("pids.max", 10, "/top/leaf"), row_with("RLIMIT_NPROC", 20),
                        row_with("pids.max", 30, "/top")};
  measured.after = {row_with("pids.max", 0, "/top/leaf"), row_with("RLIMIT_NPROC", 10),
                    row_with("pids.max", 20, "/top")};
  measured.asked = 50;
  measured.made = 10;
  measured.error = EAGAIN;
  measured.probe = EAGAIN;
  measured.reached_clone = true;
  measured.events = {{"/top/leaf", 3, 5}, {"/top", 7, 7}};
  measured.meaning = EventsMeaning::forking;
  return measured;
}

Measurement refused_by_address_space() {
  Measurement measured = refused_by_pids();
  measured.predicted = {row_with("RLIMIT_AS", 10), row_with("pids.max", 20, "/top/leaf")};
  measured.after = {row_with("RLIMIT_AS", 0), row_with("pids.max", 10, "/top/leaf")};
  measured.probe = 0;
  measured.reached_clone = false;
  measured.events = {{"/top/leaf", 3, 3}, {"/top", 7, 7}};
  return measured;
}

}  // namespace ceiling
