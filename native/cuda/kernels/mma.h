#pragma once

#include <cuda_runtime.h>

#include <cstdint>

#include "cuda/platform.h"

/// A warp's matrix instructions: d += a b with 16 x 8 floats in d. The inputs have 10 (TF32) or 7
/// bits (bfloat16) of mantissa. Lane l = 4 g + t holds
///
///   d: (g, 2t) (g, 2t + 1) (g + 8, 2t) (g + 8, 2t + 1)
///   a: rows g and g + 8, for depths t, and then for depths t + 4
///   b: column g, depths t and t + 4
///
/// where a depth is one value in TF32, and a pair of neighbouring values in bfloat16.
namespace gru::cuda {

#ifdef GRU_CUDA_EMULATED

__device__ __forceinline__ std::uint32_t to_tf32(float value) {
  const unsigned bits = __float_as_uint(value);
  return value == value ? (bits + 0x1000U) & ~0x1fffU : bits;
}

__device__ __forceinline__ std::uint32_t to_bfloat16(float value) {
  const unsigned bits = __float_as_uint(value);
  if (value != value) return bits >> 16 | 0x40U;
  return (bits + 0x7fffU + (bits >> 16 & 1U)) >> 16;
}

__device__ __forceinline__ std::uint32_t to_bfloat16_pair(float low, float high) {
  return to_bfloat16(low) | to_bfloat16(high) << 16;
}

/// Multiplies the registers of one depth, which the lanes hold.
template <class Multiply>
__device__ __forceinline__ void emulate_mma(float (&d)[4], const std::uint32_t (&a)[4],
                                            const std::uint32_t (&b)[2], const Multiply& multiply) {
  const unsigned lane = threadIdx.x % warp_size;
  const auto row_lane = static_cast<int>(lane / 4 * 4);
  const auto column_lane = static_cast<int>(lane % 4 * 8);
  for (int k = 0; k < 8; ++k) {
    const std::uint32_t above = __shfl_sync(whole_warp, k < 4 ? a[0] : a[2], row_lane + k % 4);
    const std::uint32_t below = __shfl_sync(whole_warp, k < 4 ? a[1] : a[3], row_lane + k % 4);
    const std::uint32_t left = __shfl_sync(whole_warp, b[k / 4], column_lane + k % 4);
    const std::uint32_t right = __shfl_sync(whole_warp, b[k / 4], column_lane + 4 + k % 4);
    d[0] += multiply(above, left);
    d[1] += multiply(above, right);
    d[2] += multiply(below, left);
    d[3] += multiply(below, right);
  }
}

__device__ __forceinline__ void mma_tf32(float (&d)[4], const std::uint32_t (&a)[4],
                                         const std::uint32_t (&b)[2]) {
  emulate_mma(d, a, b, [](std::uint32_t x, std::uint32_t y) {
    return __uint_as_float(x) * __uint_as_float(y);
  });
}

__device__ __forceinline__ void mma_bfloat16(float (&d)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
  emulate_mma(d, a, b, [](std::uint32_t x, std::uint32_t y) {
    const float low = __uint_as_float(x << 16) * __uint_as_float(y << 16);
    return low + __uint_as_float(x & 0xffff0000U) * __uint_as_float(y & 0xffff0000U);
  });
}

#elif defined(__CUDA_ARCH__) && __CUDA_ARCH__ >= 800

__device__ __forceinline__ std::uint32_t to_tf32(float value) {
  std::uint32_t rounded;
  asm("cvt.rna.tf32.f32 %0, %1;" : "=r"(rounded) : "f"(value));
  return rounded;
}

__device__ __forceinline__ std::uint32_t to_bfloat16_pair(float low, float high) {
  std::uint32_t pair;
  asm("cvt.rn.bf16x2.f32 %0, %1, %2;" : "=r"(pair) : "f"(high), "f"(low));
  return pair;
}

__device__ __forceinline__ void mma_tf32(float (&d)[4], const std::uint32_t (&a)[4],
                                         const std::uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k8.row.col.f32.tf32.tf32.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

__device__ __forceinline__ void mma_bfloat16(float (&d)[4], const std::uint32_t (&a)[4],
                                             const std::uint32_t (&b)[2]) {
  asm("mma.sync.aligned.m16n8k16.row.col.f32.bf16.bf16.f32 {%0, %1, %2, %3}, {%4, %5, %6, %7}, "
      "{%8, %9}, {%0, %1, %2, %3};"
      : "+f"(d[0]), "+f"(d[1]), "+f"(d[2]), "+f"(d[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b[0]), "r"(b[1]));
}

#else  // for GPUs before Ampere: no device of these precisions is made on them

__device__ __forceinline__ std::uint32_t to_tf32(float) { return 0; }
__device__ __forceinline__ std::uint32_t to_bfloat16_pair(float, float) { return 0; }
__device__ __forceinline__ void mma_tf32(float (&)[4], const std::uint32_t (&)[4],
                                         const std::uint32_t (&)[2]) {}
__device__ __forceinline__ void mma_bfloat16(float (&)[4], const std::uint32_t (&)[4],
                                             const std::uint32_t (&)[2]) {}

#endif

/// The two formats: the number of depths of an instruction, and how its registers are read from
/// slices in shared memory, which are [depth][outer].
struct Tf32 {
  static constexpr unsigned depth = 8;

  /// The register of depth `number`. `from` points to (0, outer).
  __device__ __forceinline__ static std::uint32_t read(const float* from, unsigned stride,
                                                       unsigned number) {
    return to_tf32(from[number * stride]);
  }
  __device__ __forceinline__ static void multiply(float (&d)[4], const std::uint32_t (&a)[4],
                                                  const std::uint32_t (&b)[2]) {
    mma_tf32(d, a, b);
  }
};

struct Bfloat16 {
  static constexpr unsigned depth = 16;

  /// The register of depths 2 * number and 2 * number + 1.
  __device__ __forceinline__ static std::uint32_t read(const float* from, unsigned stride,
                                                       unsigned number) {
    return to_bfloat16_pair(from[2 * number * stride], from[(2 * number + 1) * stride]);
  }
  __device__ __forceinline__ static void multiply(float (&d)[4], const std::uint32_t (&a)[4],
                                                  const std::uint32_t (&b)[2]) {
    mma_bfloat16(d, a, b);
  }
};

}  // namespace gru::cuda
