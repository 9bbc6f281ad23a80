// Makes tasks until it is told to stop or is refused, for the tests of the cgroups room.
//
//   cgroups_testee threads|processes   reads counts from stdin, a line each: makes up to that many
//                                      more, answers "<made> <errno>\n"; ends at end of file
//   cgroups_testee bomb                forks for 20 s, in every process
#include <pthread.h>
#include <signal.h>
#include <sys/prctl.h>
#include <time.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

namespace {

void* wait_for_ever(void*) {
  while (true) pause();
}

int make_thread() {
  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setstacksize(&attributes, 64 * 1024);
  pthread_t thread;
  const int error = pthread_create(&thread, &attributes, wait_for_ever, nullptr);
  pthread_attr_destroy(&attributes);
  return error;
}

int make_process() {
  const pid_t pid = fork();
  if (pid < 0) return errno;
  if (pid == 0) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() == 1) _exit(0);
    wait_for_ever(nullptr);
  }
  return 0;
}

void bomb() {
  // Only what ends the group ends this in time; the clock bounds a test that fails to.
  const time_t end = time(nullptr) + 20;
  while (time(nullptr) < end) fork();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (std::strcmp(argv[1], "bomb") == 0) {
    bomb();
    return 0;
  }
  int (*const make)() = std::strcmp(argv[1], "threads") == 0 ? make_thread : make_process;
  for (int wanted = 0; std::scanf("%d", &wanted) == 1;) {
    int made = 0;
    int error = 0;
    while (made < wanted && (error = make()) == 0) ++made;
    std::printf("%d %d\n", made, error);
    std::fflush(stdout);
  }
  return 0;
}
