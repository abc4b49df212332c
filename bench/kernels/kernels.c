// The kernels of packages/compile/src/kernels as loops of C: what -O3 -march=native makes of them is the measure.
// Prints the ns of one run each: the least of as many as fit into 300 ms, after a first one.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e9 + t.tv_nsec;
}

#define PIXELS (640 * 640)
#define N (PIXELS * 3)
#define MILLION 1000000
#define LABELS 16384
#define CLASSES 64
#define ROWS 2048
#define WIDTH 512

static uint8_t *bytes;
static float *floats, *out;
static double *a, *b, *c;

static void product(void) { for (int k = 0; k < MILLION; k++) c[k] = a[k] * b[k]; }
static void affine(void) { for (int k = 0; k < N; k++) out[k] = floats[k] * 0.0171f - 2.1f; }
static void to_float(void) { for (int k = 0; k < N; k++) out[k] = bytes[k] / 255.0f; }
static void to_tensor(void) {
  const float factor[3] = {0.0171f, 0.0175f, 0.0174f}, offset[3] = {-2.12f, -2.04f, -1.80f};
  for (int p = 0; p < PIXELS; p++)
    for (int ch = 0; ch < 3; ch++) out[ch * PIXELS + p] = bytes[p * 3 + ch] * factor[ch] + offset[ch];
}
static void layout(void) {
  for (int ch = 0; ch < 3; ch++)
    for (int p = 0; p < PIXELS; p++) out[ch * PIXELS + p] = floats[p * 3 + ch];
}

static void back(void) {
  for (int p = 0; p < PIXELS; p++)
    for (int ch = 0; ch < 3; ch++) out[p * 3 + ch] = floats[ch * PIXELS + p];
}
static void one_hot(void) {
  memset(out, 0, LABELS * CLASSES * sizeof(float));
  for (int k = 0; k < LABELS; k++) out[k * CLASSES + bytes[k] % CLASSES] = 1;
}
static void pad_stack(void) {
  for (int row = 0; row < ROWS; row++) {
    const int length = WIDTH - row % 256;
    memcpy(out + row * WIDTH, floats + row * WIDTH, length * sizeof(float));
    memset(out + row * WIDTH + length, 0, (WIDTH - length) * sizeof(float));
  }
}

static void measure(const char *name, void (*run)(void)) {
  run();
  double best = 1e18, begin = now();
  while (now() - begin < 3e8) {
    double start = now();
    run();
    __asm__ volatile("" ::: "memory");
    double took = now() - start;
    if (took < best) best = took;
  }
  printf("%s %.0f\n", name, best);
}

int main(void) {
  bytes = malloc(N);
  floats = malloc(N * 4);
  out = malloc(N * 4);
  a = malloc(MILLION * 8);
  b = malloc(MILLION * 8);
  c = malloc(MILLION * 8);
  for (int k = 0; k < N; k++) { bytes[k] = k * 37; floats[k] = k % 255; }
  for (int k = 0; k < MILLION; k++) { a[k] = k; b[k] = k / 7.0; }
  measure("product", product);
  measure("affine", affine);
  measure("toFloat", to_float);
  measure("toTensor", to_tensor);
  measure("hwcToChw", layout);
  measure("chwToHwc", back);
  measure("oneHot", one_hot);
  measure("padStack", pad_stack);
  return 0;
}
