#include "cgroups/limits/row.h"

#include <algorithm>
#include <utility>

namespace ceiling {
namespace {

constexpr std::int64_t kPage = 4096;
constexpr std::int64_t kTopPad = 128 * 1024;  // M_TOP_PAD
constexpr std::int64_t kLeastChunk = 32;      // MINSIZE
constexpr std::int64_t kMuchPerThread = 512;  // of the heap: a vector over modules with TLS

}  // namespace

Limit make_row(std::string name, std::string scope, std::string where, std::string unit,
               int refusal_errno) {
  Limit row;
  row.name = std::move(name);
  row.scope = std::move(scope);
  row.where = std::move(where);
  row.unit = std::move(unit);
  row.refusal_errno = refusal_errno;
  return row;
}

Limit process_row(std::string name, const PlaceFacts& place, int refusal_errno) {
  const std::string pid = std::to_string(place.pid);
  return make_row(std::move(name), place.pid == 0 ? "process" : "pid " + pid,
                  place.pid == 0 ? "" : "/proc/" + pid + "/limits", "bytes", refusal_errno);
}

bool needs_process(Limit& row, const PlaceFacts& place) {
  if (place.pid != 0) return false;
  does_not_apply(row, "counts over one process, and none runs there");
  return true;
}

bool take(Limit& row, const Reading& value, const Reading& used) {
  row.value = value.number;
  row.used = used.number.value_or(0);
  if (value.seen() && !value.number) return false;
  for (const Reading* reading : {&value, &used}) {
    if (reading->seen()) continue;
    row.certainty = Certainty::unknown;
    remark(row, "unknown: " + reading->unseen);
    return false;
  }
  return true;
}

void does_not_apply(Limit& row, std::string note) {
  row.applies = false;
  row.threads_left.reset();
  row.certainty = Certainty::exact;
  row.note = std::move(note);
}

void remark(Limit& row, const std::string& note) {
  if (!row.note.empty()) row.note += "; ";
  row.note += note;
}

Fit fit_threads(std::int64_t room, std::int64_t each, HeapFacts heap) {
  constexpr std::int64_t kMostTasks = 4 << 20;  // PID_MAX_LIMIT: more threads there never are
  if (room / each > kMostTasks) room = kMostTasks * each;
  Fit found;
  std::int64_t& free = heap.free_at_least;
  while (room >= each) {
    const std::int64_t served = std::max<std::int64_t>(0, free - kLeastChunk) / heap.per_thread;
    const std::int64_t fit = std::min(room / each, served);
    found.threads += fit;
    room -= fit * each;
    free -= fit * heap.per_thread;
    if (room < each) break;
    const std::int64_t first = std::exchange(heap.first_use, 0);
    const std::int64_t wanted =
        (first > 0 ? first : heap.per_thread) + kTopPad + kLeastChunk - free;
    const std::int64_t growth = (wanted + kPage - 1) / kPage * kPage;
    if (room - each < growth) break;
    room -= each + growth;
    free += growth - first - heap.per_thread;
    found.heap_growth += growth;
    ++found.threads;
  }
  found.room = room;
  found.heap_grows_next = free - kLeastChunk < heap.per_thread;
  return found;
}

void set_threads_that_fit(Limit& row, std::int64_t room, std::int64_t each,
                          const PlaceFacts& place) {
  if (!place.heap) {
    row.threads_left = fit_threads(room, each, {.per_thread = kMuchPerThread}).threads;
    row.certainty = Certainty::at_least;
    remark(row, "lower bound: stacks of threads that have ended may be used again");
    return;
  }
  HeapFacts heap = *place.heap;
  row.threads_left = fit_threads(room, each, heap).threads;
  heap.free_at_least = heap.free_at_most;
  if (row.threads_left == fit_threads(room, each, heap).threads) return;
  row.certainty = Certainty::at_least;
  remark(row, "lower bound: free pieces of the heap may be used again");
}

}  // namespace ceiling
