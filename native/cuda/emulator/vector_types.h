#pragma once

/// CUDA's small vector types, with the sizes and alignments that nvcc gives them.

struct uint3 {
  unsigned x, y, z;
};

struct dim3 {
  unsigned x, y, z;
  constexpr dim3(unsigned vx = 1, unsigned vy = 1, unsigned vz = 1)  // NOLINT: as nvcc has it
      : x(vx), y(vy), z(vz) {}
  constexpr dim3(uint3 v) : x(v.x), y(v.y), z(v.z) {}  // NOLINT: as nvcc has it
  constexpr operator uint3() const { return {x, y, z}; }
};

#define GRU_EMULATED_VECTORS(scalar, name)                                                      \
  struct alignas(2 * sizeof(scalar)) name##2 { scalar x, y; };                                  \
  struct name##3 { scalar x, y, z; };                                                           \
  struct alignas(sizeof(scalar) == 8 ? 16 : 4 * sizeof(scalar)) name##4 { scalar x, y, z, w; }; \
  constexpr name##2 make_##name##2(scalar x, scalar y) { return {x, y}; }                       \
  constexpr name##3 make_##name##3(scalar x, scalar y, scalar z) { return {x, y, z}; }          \
  constexpr name##4 make_##name##4(scalar x, scalar y, scalar z, scalar w) { return {x, y, z, w}; }

GRU_EMULATED_VECTORS(float, float)
GRU_EMULATED_VECTORS(double, double)
GRU_EMULATED_VECTORS(int, int)
GRU_EMULATED_VECTORS(short, short)
GRU_EMULATED_VECTORS(unsigned short, ushort)
GRU_EMULATED_VECTORS(long long, longlong)
GRU_EMULATED_VECTORS(unsigned long long, ulonglong)

struct alignas(8) uint2 {
  unsigned x, y;
};
struct alignas(16) uint4 {
  unsigned x, y, z, w;
};
constexpr uint2 make_uint2(unsigned x, unsigned y) { return {x, y}; }
constexpr uint3 make_uint3(unsigned x, unsigned y, unsigned z) { return {x, y, z}; }
constexpr uint4 make_uint4(unsigned x, unsigned y, unsigned z, unsigned w) { return {x, y, z, w}; }

#undef GRU_EMULATED_VECTORS
