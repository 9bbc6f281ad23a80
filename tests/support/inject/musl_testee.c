/* Makes three threads one after the other and prints + or - for each, by musl's own clone. */
#include <pthread.h>
#include <stdio.h>

static void* nothing(void* given) { return given; }

int main(void) {
  for (int made = 0; made < 3; ++made) {
    pthread_t thread;
    const int refused = pthread_create(&thread, NULL, nothing, NULL);
    putchar(refused ? '-' : '+');
    if (!refused) pthread_join(thread, NULL);
  }
  putchar('\n');
  return 0;
}
