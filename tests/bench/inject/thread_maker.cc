// Makes and joins as many threads as it is told, one after the other, and says how many
// microseconds each took.
#include <pthread.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>

int main(int argc, char** argv) {
  const int threads = argc == 2 ? std::atoi(argv[1]) : 0;
  const auto begin = std::chrono::steady_clock::now();
  for (int made = 0; made < threads; ++made) {
    pthread_t thread{};
    if (pthread_create(
            &thread, nullptr, [](void* nothing) { return nothing; }, nullptr) != 0) {
      return 1;
    }
    pthread_join(thread, nullptr);
  }
  const std::chrono::duration<double, std::micro> taken = std::chrono::steady_clock::now() - begin;
  std::printf("%.2f\n", taken.count() / threads);
  return 0;
}
