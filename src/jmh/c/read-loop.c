// What this machine's memory gives at best: GB per second that threads read, a part of a large
// array each, in huge pages where there are any. Best of 8 passes, each with new threads.
//
//   cc -O3 -march=native -pthread read-loop.c -o read-loop && ./read-loop THREADS
#define _GNU_SOURCE
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>

enum { PASSES = 8, AHEAD = 4 };

// The compiler makes of it what the machine has: AVX-512, AVX2, NEON, or plain words.
typedef unsigned long long lanes __attribute__((vector_size(64)));

typedef struct {
  const lanes *from, *to;
  unsigned long long sum;
} part;

static void *read_part(void *argument) {
  part *p = argument;
  lanes sums[AHEAD] = {0};
  for (const lanes *at = p->from; at + AHEAD <= p->to; at += AHEAD)
    for (int i = 0; i < AHEAD; i++) sums[i] ^= at[i];
  for (int i = 0; i < AHEAD; i++) p->sum ^= sums[i][0] ^ sums[i][7];
  return NULL;
}

static double seconds(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int count, char **arguments) {
  int threads = count > 1 ? atoi(arguments[1]) : 1;
  if (threads < 1 || threads > 1024) return 2;
  size_t bytes = (size_t)1 << 30;
  char *data = aligned_alloc(2 << 20, bytes);
  if (!data) return 1;
#ifdef MADV_HUGEPAGE
  madvise(data, bytes, MADV_HUGEPAGE);
#endif
  memset(data, 1, bytes);
  pthread_t ids[1024];
  static part parts[1024];
  size_t share = bytes / sizeof(lanes) / threads;
  double best = 0;
  for (int pass = 0; pass < PASSES; pass++) {
    double start = seconds();
    for (int i = 0; i < threads; i++) {
      parts[i].from = (const lanes *)data + i * share;
      parts[i].to = parts[i].from + share;
      if (pthread_create(&ids[i], NULL, read_part, &parts[i])) return 1;
    }
    for (int i = 0; i < threads; i++) pthread_join(ids[i], NULL);
    double speed = (double)share * threads * sizeof(lanes) / (seconds() - start) / 1e9;
    if (speed > best) best = speed;
  }
  // The sum is used, or else the compiler may leave the reading out.
  fprintf(stderr, "%llx\n", parts[0].sum);
  printf("%.1f\n", best);
}
