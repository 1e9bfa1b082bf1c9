#include "cpu/x86_features.h"

#include <doctest.h>

#include <cstdint>
#include <initializer_list>

/// The kernels that a processor can run, from its answers to cpuid.

namespace gru::cpu {
namespace {

constexpr std::uint32_t bits(std::initializer_list<unsigned> indices) {
  std::uint32_t word = 0;
  for (const unsigned index : indices) word |= std::uint32_t{1} << index;
  return word;
}

// The bits as the manuals number them. A family has all of the one before it.
constexpr X86Answers sse_only{11, 0, 0, 0};
constexpr X86Answers avx_only{13, bits({27, 28}), 0, bits({0, 1, 2})};
constexpr X86Answers haswell{13, bits({12, 27, 28}), bits({5}), bits({0, 1, 2})};
constexpr X86Answers skylake_server{22, bits({12, 27, 28}), bits({5, 16, 17, 30, 31}),
                                    bits({0, 1, 2, 5, 6, 7})};

X86Answers without(X86Answers answers, std::uint32_t X86Answers::*part, unsigned bit) {
  answers.*part &= ~(std::uint32_t{1} << bit);
  return answers;
}

TEST_CASE("each processor runs the kernels for which it has all instructions") {
  CHECK_FALSE(features_of(sse_only).avx2);
  CHECK_FALSE(features_of(avx_only).avx2);
  CHECK_FALSE(features_of(avx_only).avx512);
  CHECK(features_of(haswell).avx2);
  CHECK_FALSE(features_of(haswell).avx512);
  CHECK(features_of(skylake_server).avx2);
  CHECK(features_of(skylake_server).avx512);
}

TEST_CASE("every single bit that the kernels for AVX2 need is asked for") {
  for (const unsigned bit : {12U, 27U, 28U}) {
    CAPTURE(bit);
    const X86Features features = features_of(without(skylake_server, &X86Answers::leaf1_ecx, bit));
    CHECK_FALSE(features.avx2);
    CHECK_FALSE(features.avx512);
  }
  CHECK_FALSE(features_of(without(skylake_server, &X86Answers::leaf7_ebx, 5)).avx2);
  for (const unsigned bit : {1U, 2U}) {
    CAPTURE(bit);
    CHECK_FALSE(features_of(without(skylake_server, &X86Answers::saved_states, bit)).avx2);
  }
}

TEST_CASE("every single bit that the kernels for AVX-512 need besides is asked for") {
  for (const unsigned bit : {16U, 17U, 30U, 31U}) {
    CAPTURE(bit);
    const X86Features features = features_of(without(skylake_server, &X86Answers::leaf7_ebx, bit));
    CHECK(features.avx2);
    CHECK_FALSE(features.avx512);
  }
  for (const unsigned bit : {5U, 6U, 7U}) {
    CAPTURE(bit);
    const X86Features features =
        features_of(without(skylake_server, &X86Answers::saved_states, bit));
    CHECK(features.avx2);
    CHECK_FALSE(features.avx512);
  }
}

TEST_CASE("a processor without the leaf of AVX2 runs neither") {
  X86Answers answers = skylake_server;
  answers.last_leaf = 6;
  CHECK_FALSE(features_of(answers).avx2);
  CHECK_FALSE(features_of(answers).avx512);
}

// The runtime libraries of GCC and Clang answer the same questions, where they are linked.
#if defined(__x86_64__) && defined(__linux__)
TEST_CASE("this machine's features are those that the compiler's runtime finds") {
  const X86Features features = features_of(ask_processor());
  const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
  CHECK(features.avx2 == avx2);
  CHECK(features.avx512 ==
        (avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") &&
         __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl")));
}
#endif

}  // namespace
}  // namespace gru::cpu
