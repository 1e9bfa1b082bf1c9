#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "thread.h"

/// CUDA's language and built-in functions for g++: qualifiers, positions, barriers, warp functions,
/// atomics, arithmetic.

// A kernel's symbol must be visible, so that messages can name it.
#define __global__ __attribute__((visibility("default")))
#define __device__
#define __host__
#define __constant__
#define __managed__
#define __forceinline__ inline __attribute__((always_inline))
#define __launch_bounds__(...)
#define __grid_constant__
#define __align__(n) alignas(n)

// A block runs on one OS thread, so thread_local memory serves. It is not filled with NaN, and
// AddressSanitizer does not check it: prefer the two macros below.
#define __shared__ static thread_local

/// Dynamic shared memory: `type* name`.
#define GRU_EMULATED_DYNAMIC_SHARED(type, name) \
  type* const name = static_cast<type*>(::gru::emulator::dynamic_shared_memory())

/// Shared memory of fixed size: `type name[count]`.
#define GRU_EMULATED_STATIC_SHARED(type, name, count) \
  static const char name##_site = 0;                  \
  type* const name = static_cast<type*>(              \
      ::gru::emulator::static_shared_memory(&name##_site, sizeof(type) * (count), alignof(type)))

#define threadIdx (::gru::emulator::position.thread)
#define blockIdx (::gru::emulator::position.block)
#define blockDim (::gru::emulator::position.block_size)
#define gridDim (::gru::emulator::position.grid_size)
inline constexpr int warpSize = 32;

// Barriers ------------------------------------------------------------------------------------

inline void __syncthreads(gru::emulator::Site site = gru::emulator::Site::current()) {
  gru::emulator::sync_threads(false, site);
}
inline int __syncthreads_count(int predicate,
                               gru::emulator::Site site = gru::emulator::Site::current()) {
  return gru::emulator::sync_threads(predicate != 0, site);
}
inline int __syncthreads_or(int predicate,
                            gru::emulator::Site site = gru::emulator::Site::current()) {
  return gru::emulator::sync_threads(predicate != 0, site) != 0;
}
inline int __syncthreads_and(int predicate,
                             gru::emulator::Site site = gru::emulator::Site::current()) {
  return gru::emulator::sync_threads(predicate == 0, site) == 0;
}
inline void __syncwarp(unsigned mask = 0xffffffffu,
                       gru::emulator::Site site = gru::emulator::Site::current()) {
  gru::emulator::meet_warp(gru::emulator::WarpReason::sync, mask, 0, 0, site);
}

// Shuffles and votes --------------------------------------------------------------------------

namespace gru::emulator {

template <class T>
T shuffle(unsigned mask, T value, unsigned source, Site site) {
  static_assert(std::is_trivially_copyable_v<T> && (sizeof(T) == 4 || sizeof(T) == 8));
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  bits = meet_warp(WarpReason::shuffle, mask, bits, source, site).value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline unsigned ballot(unsigned mask, bool predicate, Site site) {
  return meet_warp(WarpReason::vote, mask, predicate, 0, site).ballot;
}

}  // namespace gru::emulator

template <class T>
T __shfl_sync(unsigned mask, T value, int source, int width = warpSize,
              gru::emulator::Site site = gru::emulator::Site::current()) {
  const unsigned within = static_cast<unsigned>(width) - 1;
  const unsigned from =
      (gru::emulator::lane() & ~within) | (static_cast<unsigned>(source) & within);
  return gru::emulator::shuffle(mask, value, from, site);
}
template <class T>
T __shfl_up_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                 gru::emulator::Site site = gru::emulator::Site::current()) {
  const unsigned self = gru::emulator::lane();
  const unsigned within = static_cast<unsigned>(width) - 1;
  return gru::emulator::shuffle(mask, value, (self & within) < delta ? self : self - delta, site);
}
template <class T>
T __shfl_down_sync(unsigned mask, T value, unsigned delta, int width = warpSize,
                   gru::emulator::Site site = gru::emulator::Site::current()) {
  const unsigned self = gru::emulator::lane();
  const unsigned within = static_cast<unsigned>(width) - 1;
  const unsigned from = (self & within) + delta > within ? self : self + delta;
  return gru::emulator::shuffle(mask, value, from, site);
}
template <class T>
T __shfl_xor_sync(unsigned mask, T value, int lane_mask, int width = warpSize,
                  gru::emulator::Site site = gru::emulator::Site::current()) {
  const unsigned self = gru::emulator::lane();
  const unsigned last = self | (static_cast<unsigned>(width) - 1);
  const unsigned from = self ^ static_cast<unsigned>(lane_mask);
  return gru::emulator::shuffle(mask, value, from > last ? self : from, site);
}

inline unsigned __ballot_sync(unsigned mask, int predicate,
                              gru::emulator::Site site = gru::emulator::Site::current()) {
  return gru::emulator::ballot(mask, predicate != 0, site);
}
inline int __any_sync(unsigned mask, int predicate,
                      gru::emulator::Site site = gru::emulator::Site::current()) {
  return gru::emulator::ballot(mask, predicate != 0, site) != 0;
}
inline int __all_sync(unsigned mask, int predicate,
                      gru::emulator::Site site = gru::emulator::Site::current()) {
  return gru::emulator::ballot(mask, predicate == 0, site) == 0;
}

// Memory order, waiting, atomics --------------------------------------------------------------

namespace gru::emulator {
/// ThreadSanitizer does not know fences. This tells it that each fence follows all fences before
/// it.
void fence();
}  // namespace gru::emulator

inline void __threadfence() { gru::emulator::fence(); }
inline void __threadfence_block() { gru::emulator::fence(); }
inline void __threadfence_system() { gru::emulator::fence(); }
inline void __nanosleep(unsigned) { gru::emulator::spin(); }
inline long long clock64() {
  static thread_local long long ticks = 0;
  return ++ticks;
}

template <class T>
T atomicAdd(T* at, std::type_identity_t<T> value) {
  static_assert(std::is_integral_v<T>, "sums of floats in no fixed order are not wanted");
  const T before = __atomic_fetch_add(at, value, __ATOMIC_RELAXED);
  gru::emulator::note_store();
  return before;
}
template <class T>
T atomicExch(T* at, std::type_identity_t<T> value) {
  const T before = __atomic_exchange_n(at, value, __ATOMIC_RELAXED);
  gru::emulator::note_store();
  return before;
}
template <class T>
T atomicCAS(T* at, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
  __atomic_compare_exchange_n(at, &expected, value, false, __ATOMIC_RELAXED, __ATOMIC_RELAXED);
  gru::emulator::note_store();
  return expected;
}
template <class T>
T atomicMax(T* at, std::type_identity_t<T> value) {
  T before = __atomic_load_n(at, __ATOMIC_RELAXED);
  while (before < value && !__atomic_compare_exchange_n(at, &before, value, false, __ATOMIC_RELAXED,
                                                        __ATOMIC_RELAXED)) {
  }
  gru::emulator::note_store();
  return before;
}
template <class T>
T __ldg(const T* from) {
  return *from;
}

// Arithmetic ----------------------------------------------------------------------------------

inline unsigned __float_as_uint(float value) { return std::bit_cast<unsigned>(value); }
inline int __float_as_int(float value) { return std::bit_cast<int>(value); }
inline float __uint_as_float(unsigned bits) { return std::bit_cast<float>(bits); }
inline float __int_as_float(int bits) { return std::bit_cast<float>(bits); }
inline int __popc(unsigned bits) { return std::popcount(bits); }
inline int __popcll(unsigned long long bits) { return std::popcount(bits); }
inline int __clz(int bits) { return std::countl_zero(static_cast<unsigned>(bits)); }
inline int __ffs(int bits) {
  return bits == 0 ? 0 : std::countr_zero(static_cast<unsigned>(bits)) + 1;
}
inline unsigned __umulhi(unsigned a, unsigned b) {
  return static_cast<unsigned>((static_cast<std::uint64_t>(a) * b) >> 32);
}
inline float rsqrtf(float value) { return 1.0f / std::sqrt(value); }
inline double rsqrt(double value) { return 1.0 / std::sqrt(value); }

using std::isnan;
using std::max;
using std::min;
