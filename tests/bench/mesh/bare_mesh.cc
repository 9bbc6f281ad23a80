// The processes and threads of a full mesh with nothing else to do: N processes of N-1 threads with
// default attributes, forked one after another. Prints the seconds from the first fork until the
// last thread was made.
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

namespace {

void* idle(void*) {
  for (;;) pause();
}

[[noreturn]] void make_threads(int count, int report, pid_t parent) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (getppid() != parent) _exit(1);
  char made = 1;
  for (int i = 0; i < count; ++i) {
    pthread_t thread;
    if (pthread_create(&thread, nullptr, idle, nullptr) != 0) made = 0;
  }
  if (write(report, &made, 1) != 1) _exit(1);
  for (;;) pause();
}

double now_s() {
  timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<double>(time.tv_sec) + 1e-9 * static_cast<double>(time.tv_nsec);
}

}  // namespace

int main(int argc, char** argv) {
  const int processes = argc > 1 ? atoi(argv[1]) : 100;
  int reports[2];
  pid_t* pids = static_cast<pid_t*>(calloc(static_cast<size_t>(processes), sizeof(pid_t)));
  if (pids == nullptr || pipe(reports) != 0) return 1;
  const pid_t self = getpid();
  const double start = now_s();
  for (int i = 0; i < processes; ++i) {
    pids[i] = fork();
    if (pids[i] == 0) make_threads(processes - 1, reports[1], self);
  }
  close(reports[1]);
  int complete = 0;
  char made = 0;
  for (int i = 0; i < processes && read(reports[0], &made, 1) == 1; ++i) complete += made;
  const double seconds = now_s() - start;
  for (int i = 0; i < processes; ++i) {
    if (pids[i] > 0) kill(pids[i], SIGKILL);
  }
  while (wait(nullptr) > 0) continue;
  free(pids);
  printf("%.6f\n", seconds);
  return complete == processes ? 0 : 1;
}
