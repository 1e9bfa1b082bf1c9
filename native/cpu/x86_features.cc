#include "cpu/x86_features.h"

#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace gru::cpu {

namespace {

constexpr std::uint32_t bit(unsigned index) { return std::uint32_t{1} << index; }

// Intel's manual, volume 2, "CPUID"; AMD's has the same.
constexpr std::uint32_t leaf1_fma = bit(12);
constexpr std::uint32_t leaf1_osxsave = bit(27);
constexpr std::uint32_t leaf1_avx = bit(28);
constexpr std::uint32_t leaf7_avx2 = bit(5);
constexpr std::uint32_t leaf7_avx512 = bit(16) | bit(17) | bit(30) | bit(31);  // F, DQ, BW, VL

// Intel's manual, volume 1, "XSAVE-supported features": bits of XCR0.
constexpr std::uint32_t avx_states = bit(1) | bit(2);              // xmm, upper halves of ymm
constexpr std::uint32_t avx512_states = bit(5) | bit(6) | bit(7);  // masks, zmm0-15, zmm16-31

constexpr bool has_all(std::uint32_t answer, std::uint32_t wanted) {
  return (answer & wanted) == wanted;
}

}  // namespace

#if defined(__x86_64__)

namespace {

/// XCR0. The compiler's own function needs an option that allows the instruction everywhere.
std::uint32_t read_saved_states() {
  std::uint32_t low = 0;
  std::uint32_t high = 0;
  __asm__ volatile("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
#if defined(__APPLE__)
  // macOS saves these registers from a thread's first use on, and only then sets the bits.
  low |= avx512_states;
#endif
  return low;
}

}  // namespace

X86Answers ask_processor() {
  X86Answers answers;
  std::uint32_t eax = 0;
  std::uint32_t ebx = 0;
  std::uint32_t ecx = 0;
  std::uint32_t edx = 0;
  __cpuid(0, answers.last_leaf, ebx, ecx, edx);
  if (answers.last_leaf < 7) return answers;
  __cpuid(1, eax, ebx, answers.leaf1_ecx, edx);
  __cpuid_count(7, 0, eax, answers.leaf7_ebx, ecx, edx);
  if (has_all(answers.leaf1_ecx, leaf1_osxsave)) answers.saved_states = read_saved_states();
  return answers;
}

#endif

X86Features features_of(const X86Answers& answers) {
  X86Features features;
  if (answers.last_leaf < 7) return features;
  features.avx2 = has_all(answers.leaf1_ecx, leaf1_osxsave | leaf1_avx | leaf1_fma) &&
                  has_all(answers.leaf7_ebx, leaf7_avx2) &&
                  has_all(answers.saved_states, avx_states);
  features.avx512 = features.avx2 && has_all(answers.leaf7_ebx, leaf7_avx512) &&
                    has_all(answers.saved_states, avx512_states);
  return features;
}

}  // namespace gru::cpu
