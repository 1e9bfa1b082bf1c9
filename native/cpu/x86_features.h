#pragma once

#include <cstdint>

namespace gru::cpu {

/// The answers of an x86-64 processor's instructions cpuid and xgetbv that decide on the kernels.
struct X86Answers {
  std::uint32_t last_leaf = 0;  ///< leaf 0, eax: the largest leaf that cpuid answers
  std::uint32_t leaf1_ecx = 0;
  std::uint32_t leaf7_ebx = 0;
  std::uint32_t saved_states = 0;  ///< XCR0: the registers that the operating system saves
};

#if defined(__x86_64__)
X86Answers ask_processor();
#endif

/// The sets of instructions for which there are kernels: all that their compilation allows.
struct X86Features {
  bool avx2 = false;    ///< AVX2 and FMA
  bool avx512 = false;  ///< AVX-512 F, DQ, BW and VL, besides AVX2 and FMA
};

/// Processor and operating system must both support an instruction. This is not asked of the
/// compiler's runtime library, which not every toolchain has.
X86Features features_of(const X86Answers& answers);

}  // namespace gru::cpu
