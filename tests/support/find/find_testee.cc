// find_testee MODE TASKS: a program that wants TASKS tasks, its own among them. Says "ready" and
// how many it has, then stays. What it does when one is refused is its mode:
//   strict    says so and ends with 3
//   end       likewise; and ends with 0 when it has all
//   crash     aborts
//   retry     asks again, for ever
//   fewer     goes on with those that it has
//   deadlock  waits until all have come, those that were not made too
//   ignore    does not look
// find_testee descriptors N: opens descriptors up to number N - 1, or ends with 3; where its soft
// limit is below half of that it makes do with none.
// find_testee memory MIB, find_testee address-space MIB: touches or maps so much, or ends with 3.
// find_testee maps N: maps single pages until it has N mappings, or ends with 3.
// find_testee raise: raises its own soft and hard RLIMIT_NOFILE, and stays.
#include <fcntl.h>
#include <pthread.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <ctime>
#include <string>
#include <string_view>

namespace {

constexpr std::size_t kStack = 64 << 10;

pthread_barrier_t all_have_come;
bool waits = false;

void* come(void*) {
  if (waits) pthread_barrier_wait(&all_have_come);
  for (;;) ::pause();
}

[[noreturn]] void stay(int tasks) {
  std::printf("ready %d\n", tasks);
  std::fflush(stdout);
  if (const char* folder = std::getenv("CEILING_DATA")) {
    const std::string path = std::string(folder) + "/tasks";
    if (std::FILE* file = std::fopen(path.c_str(), "w")) {
      std::fprintf(file, "%d", tasks);
      std::fclose(file);
    }
  }
  for (;;) ::pause();
}

[[noreturn]] void give_up(const char* what, int error) {
  std::fprintf(stderr, "no %s: %s\n", what, std::strerror(error));
  std::exit(3);
}

int create() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, kStack);
  pthread_t thread;
  return pthread_create(&thread, &attributes, come, nullptr);
}

void threads(const std::string& mode, int wanted) {
  waits = mode == "deadlock";
  if (waits) pthread_barrier_init(&all_have_come, nullptr, static_cast<unsigned>(wanted));
  int tasks = 1;
  while (tasks < wanted) {
    const int error = create();
    if (error == 0 || mode == "ignore" || mode == "deadlock") {
      ++tasks;
      continue;
    }
    if (mode == "crash") std::abort();
    if (mode == "fewer") break;
    if (mode != "retry") give_up("thread", error);
    const timespec moment{0, 10'000'000};
    ::nanosleep(&moment, nullptr);
  }
  if (waits) pthread_barrier_wait(&all_have_come);
  if (mode == "end") std::exit(0);
  stay(tasks);
}

void descriptors(int wanted) {
  rlimit limit{};
  ::getrlimit(RLIMIT_NOFILE, &limit);
  if (limit.rlim_cur < static_cast<rlim_t>(wanted) / 2) stay(1);
  for (int number = 0; number < wanted - 1;) {
    number = ::open("/dev/null", O_RDONLY);
    if (number < 0) give_up("descriptor", errno);
  }
  stay(1);
}

void memory(int mebibytes, bool touch) {
  const std::size_t size = static_cast<std::size_t>(mebibytes) << 20;
  void* at = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (at == MAP_FAILED) give_up("memory", errno);
  if (touch) std::memset(at, 1, size);
  stay(1);
}

/// As the kernel counts them, which leaves out [vsyscall]. Maps nothing itself.
int own_maps() {
  static char text[1 << 16];
  const int file = ::open("/proc/self/maps", O_RDONLY);
  int lines = 0;
  for (ssize_t got = 0; (got = ::read(file, text, sizeof text)) > 0;) {
    const std::string_view part(text, static_cast<std::size_t>(got));
    lines += static_cast<int>(std::count(part.begin(), part.end(), '\n'));
    if (part.find("[vsyscall]") != std::string_view::npos) --lines;
  }
  ::close(file);
  return lines;
}

void maps(int wanted) {
  const auto page = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  for (int now = own_maps(); now < wanted; now = own_maps()) {
    const int protection = now % 2 == 0 ? PROT_READ : PROT_NONE;  // neighbours are not joined
    const void* at = ::mmap(nullptr, page, protection, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (at == MAP_FAILED) give_up("mapping", errno);
  }
  stay(1);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string mode = argc > 1 ? argv[1] : "";
  const int number = argc > 2 ? std::atoi(argv[2]) : 0;
  if (mode == "descriptors") descriptors(number);
  if (mode == "memory" || mode == "address-space") memory(number, mode == "memory");
  if (mode == "maps") maps(number);
  if (mode == "raise") {
    const rlimit most{1 << 16, 1 << 16};
    if (::setrlimit(RLIMIT_NOFILE, &most) != 0) give_up("higher limit", errno);
    stay(1);
  }
  threads(mode, number);
}
