// What Q4_0Prefill.fourSums does, in C with intrinsics for AVX2: the integer sums of 32 rows times
// four tokens. Tells how near the Java kernel is to what the processor can do with these
// instructions. Prints nanoseconds per tile of 32 x 32 weights and token, without the scaling.
//
//   gcc -O2 -mavx2 q40-sums.c -o q40-sums && ./q40-sums
#include <immintrin.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { LINES = 8, LINE = 64, TILE = 576, BLOCKS = 16, TOKEN_CODES = 32, BLOCK_CODES = 9 * 32 };

static double nanos(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

static __m256i load(const void *at) { return _mm256_loadu_si256(at); }

// One token: arrays of sums would not stay in registers.
#define ADD(t)                                                  \
  do {                                                          \
    __m256i code = _mm256_set1_epi32(codes[(t) * TOKEN_CODES]); \
    a##t = _mm256_add_epi16(a##t, _mm256_mullo_epi16(v, code)); \
    b##t = _mm256_add_epi16(b##t, _mm256_mullo_epi16(u, code)); \
  } while (0)

#define STORE(t)                                          \
  do {                                                    \
    _mm256_storeu_si256((void *)(sums + 16 * (t)), a##t); \
    _mm256_storeu_si256((void *)(sums + 128 + 16 * (t)), b##t); \
  } while (0)

__attribute__((noinline)) static void four_sums(const char *tile, const int *codes, short *sums) {
  __m256i a0 = _mm256_setzero_si256(), a1 = a0, a2 = a0, a3 = a0;
  __m256i b0 = a0, b1 = a0, b2 = a0, b3 = a0;
  for (int line = 0; line < LINES; line++) {
    __m256i v = load(tile + line * LINE);
    __m256i u = load(tile + line * LINE + LINE / 2);
#pragma GCC unroll 4
    for (int nibble = 0; nibble < 4; nibble++, codes++) {
      ADD(0);
      ADD(1);
      ADD(2);
      ADD(3);
      v = _mm256_srli_epi16(v, 4);
      u = _mm256_srli_epi16(u, 4);
    }
  }
  STORE(0);
  STORE(1);
  STORE(2);
  STORE(3);
}

int main(void) {
  char *tiles = aligned_alloc(64, BLOCKS * TILE);
  int *codes = aligned_alloc(64, BLOCKS * BLOCK_CODES * sizeof(int));
  short *sums = aligned_alloc(64, BLOCKS * 256 * sizeof(short));
  for (int i = 0; i < BLOCKS * TILE; i++) {
    tiles[i] = rand();
  }
  for (int i = 0; i < BLOCKS * BLOCK_CODES; i++) {
    codes[i] = rand() % 127 * 0x10001;
  }
  const int rounds = 20000;
  for (int run = 0; run < 5; run++) {
    double start = nanos();
    for (int round = 0; round < rounds; round++) {
      for (int b = 0; b < BLOCKS; b++) {
        const int *of_block = codes + b * BLOCK_CODES;
        four_sums(tiles + b * TILE, of_block, sums + b * 256);
        four_sums(tiles + b * TILE, of_block + 4 * TOKEN_CODES, sums + b * 256 + 64);
      }
    }
    printf("%.1f\n", (nanos() - start) / rounds / BLOCKS / 8);
  }
  return 0;
}
