// ceiling-testee: a process whose every map, byte and task is known, so that limits can be measured
// against it. Reads commands from standard input, a line each, and answers each with a line on
// standard output, four numbers of which the first are shown here; ends at end of file. Numbers are
// decimal, sizes bytes.
//
//   stack N      of the threads made from here on; the default is that of pthread_create(3)
//   tasks N      makes N threads that sleep until the end      -> made errno
//   ended N      makes N threads, one after another, and joins each      -> made errno
//   maps N       adds N maps that do not merge with each other; the outermost two may merge with
//                what stands beside them                        -> 0 errno
//   heap 0       takes a piece of the heap                       -> 0 errno
//   lock 0       mlockall(MCL_CURRENT | MCL_FUTURE)              -> 0 errno
//   limit N      the next `soft` is for resource N (getrlimit(2))
//   soft N       sets that resource's soft limit                 -> 0 errno
//   facts 0      of the heap, HeapFacts      -> free_at_least free_at_most per_thread first_use
//   arena 0      bytes that the heap has of the kernel              -> bytes
//   create N     makes threads until one is refused, at most N, and asks for a process right after
//                a refusal                       -> made errno errno-of-the-process
//
// Allocates nothing itself and links nothing that does: the heap is what glibc makes of it.
#include <malloc.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "cgroups/read_facts.h"

namespace {

constexpr std::int64_t kPage = 4096;

struct State {
  pthread_attr_t attributes;
  int resource = 0;
};

void* wait_for_ever(void*) {
  for (;;) ::pause();
}

void* end_at_once(void*) {
  return nullptr;
}

struct Answer {
  std::int64_t first = 0;
  std::int64_t second = 0;
  std::int64_t third = 0;
  std::int64_t fourth = 0;
};

Answer make_threads(const State& state, std::int64_t wanted) {
  Answer made;
  pthread_t thread;
  while (made.first < wanted) {
    made.second = ::pthread_create(&thread, &state.attributes, wait_for_ever, nullptr);
    if (made.second != 0) break;
    ++made.first;
  }
  return made;
}

Answer end_threads(const State& state, std::int64_t wanted) {
  Answer made;
  pthread_t thread;
  while (made.first < wanted) {
    made.second = ::pthread_create(&thread, &state.attributes, end_at_once, nullptr);
    if (made.second != 0 || ::pthread_join(thread, nullptr) != 0) break;
    ++made.first;
  }
  return made;
}

/// What the kernel says to a process that shares our memory: it asks for all that a thread does,
/// but for a stack.
int ask_for_process() {
  const pid_t pid = ::vfork();
  if (pid < 0) return errno;
  if (pid == 0) ::_exit(0);
  ::waitpid(pid, nullptr, 0);
  return 0;
}

Answer create(const State& state, std::int64_t most) {
  Answer made = make_threads(state, most);
  if (made.second != 0) made.third = ask_for_process();
  return made;
}

/// Every other page is readable: neighbours differ, so that each is a map of its own.
Answer add_maps(std::int64_t pages) {
  char* const area = static_cast<char*>(::mmap(nullptr, static_cast<std::size_t>(pages * kPage),
                                               PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
  if (area == MAP_FAILED) return {0, errno};
  for (std::int64_t page = 0; page < pages; page += 2) {
    if (::mprotect(area + page * kPage, kPage, PROT_READ) != 0) return {0, errno};
  }
  return {};
}

Answer set_soft(int resource, std::int64_t value) {
  rlimit limit{};
  if (::getrlimit(static_cast<__rlimit_resource>(resource), &limit) != 0) return {0, errno};
  limit.rlim_cur = static_cast<rlim_t>(value);
  const int set = ::setrlimit(static_cast<__rlimit_resource>(resource), &limit);
  return {0, set == 0 ? 0 : errno};
}

Answer take_heap() {
  void* volatile piece = std::malloc(1);
  return {0, piece == nullptr ? ENOMEM : 0};
}

Answer heap_facts() {
  const ceiling::HeapFacts heap = ceiling::own_heap();
  return {heap.free_at_least, heap.free_at_most, heap.per_thread, heap.first_use};
}

Answer arena() {
  return {static_cast<std::int64_t>(::mallinfo2().arena)};
}

Answer obey(State& state, const char* command, std::int64_t number) {
  const auto is = [command](const char* name) { return std::strcmp(command, name) == 0; };
  if (is("stack")) {
    return {0, ::pthread_attr_setstacksize(&state.attributes, static_cast<std::size_t>(number))};
  }
  if (is("tasks")) return make_threads(state, number);
  if (is("ended")) return end_threads(state, number);
  if (is("maps")) return add_maps(number);
  if (is("heap")) return take_heap();
  if (is("lock")) return {0, ::mlockall(MCL_CURRENT | MCL_FUTURE) == 0 ? 0 : errno};
  if (is("limit")) return {state.resource = static_cast<int>(number), 0};
  if (is("soft")) return set_soft(state.resource, number);
  if (is("facts")) return heap_facts();
  if (is("arena")) return arena();
  if (is("create")) return create(state, number);
  return {-1, EINVAL};
}

/// A line without its end; false at end of file, or where it does not fit.
bool read_line(char* line, std::size_t size) {
  for (std::size_t at = 0; at < size; ++at) {
    if (::read(STDIN_FILENO, line + at, 1) != 1) return false;
    if (line[at] == '\n') {
      line[at] = '\0';
      return true;
    }
  }
  return false;
}

bool say(const Answer& answer) {
  const auto number = [](std::int64_t value) { return static_cast<long long>(value); };
  char line[96];
  const int length =
      std::snprintf(line, sizeof line, "%lld %lld %lld %lld\n", number(answer.first),
                    number(answer.second), number(answer.third), number(answer.fourth));
  return ::write(STDOUT_FILENO, line, static_cast<std::size_t>(length)) == length;
}

}  // namespace

int main() {
  ::prctl(PR_SET_NAME, "ceiling-testee");
  ::mallopt(M_ARENA_MAX, 1);
  State state;
  ::pthread_attr_init(&state.attributes);
  char line[64];
  while (read_line(line, sizeof line)) {
    char* const space = std::strchr(line, ' ');
    if (space == nullptr) return 64;
    *space = '\0';
    if (!say(obey(state, line, std::strtoll(space + 1, nullptr, 10)))) return 1;
  }
  return 0;
}
