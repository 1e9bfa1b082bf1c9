#include "probe_kernels.h"

// Compiled once for each instruction set, in a namespace of its name: see cmake/bench.cmake.
namespace gru::probe::GRU_ISA {
namespace {

#if defined(__AVX512F__)
constexpr std::size_t vector_bytes = 64;
constexpr std::size_t chains = 24;
#elif defined(__AVX2__)
constexpr std::size_t vector_bytes = 32;
constexpr std::size_t chains = 12;
#elif defined(__aarch64__)
constexpr std::size_t vector_bytes = 16;
constexpr std::size_t chains = 24;
#else
constexpr std::size_t vector_bytes = 16;
constexpr std::size_t chains = 12;
#endif
constexpr std::size_t lanes = vector_bytes / sizeof(float);

typedef float Vector __attribute__((vector_size(vector_bytes)));
typedef std::uint64_t Words __attribute__((vector_size(vector_bytes)));

constexpr std::size_t read_chains = 8;
constexpr std::size_t block_bytes = 1024;

float multiply_add(std::size_t iterations) {
  // Volatile: known factors would let the compiler fold the chains.
  volatile float factor_source = 0.999F;
  volatile float term_source = 0.001F;
  const Vector factor = factor_source - Vector{};
  const Vector term = term_source - Vector{};
  Vector sums[chains];
  for (std::size_t chain = 0; chain < chains; ++chain) {
    sums[chain] = factor * static_cast<float>(chain);
  }
  for (std::size_t i = 0; i < iterations; ++i) {
#pragma GCC unroll 24
    for (std::size_t chain = 0; chain < chains; ++chain) {
      sums[chain] = sums[chain] * factor + term;
    }
  }
  Vector total{};
  for (const Vector& sum : sums) total += sum;
  return total[0];
}

std::uint64_t read(const void* memory, std::size_t bytes) {
  const auto* at = static_cast<const char*>(memory);
  Words sums[read_chains] = {};
  for (const char* end = at + bytes / block_bytes * block_bytes; at < end; at += block_bytes) {
#pragma GCC unroll 64
    for (std::size_t offset = 0; offset < block_bytes; offset += vector_bytes) {
      const auto* words =
          static_cast<const Words*>(__builtin_assume_aligned(at + offset, vector_bytes));
      sums[offset / vector_bytes % read_chains] ^= *words;
    }
  }
  Words total{};
  for (const Words& sum : sums) total ^= sum;
  return total[0];
}

}  // namespace

extern const Kernels kernels;
const Kernels kernels{
    .name = GRU_ISA_NAME,
    .operations = 2 * chains * lanes,
    .multiply_add = multiply_add,
    .read = read,
};

}  // namespace gru::probe::GRU_ISA
