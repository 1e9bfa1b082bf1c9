#include "base/random.h"

#include <cmath>
#include <vector>

#include "testing/check_near.h"

namespace gru {
namespace {

bool same(const Philox::Block& got, const Philox::Block& expected) { return got == expected; }

// Random123's tests/kat_vectors, "philox4x32 10": counter words 0 and 1 are the index, 2 and 3 the
// stream, key words 0 and 1 the seed, low word first.
TEST_CASE("Philox has the known answers of Random123") {
  CHECK(same(Philox(0)(0, 0), {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  CHECK(same(Philox(~std::uint64_t{0})(~std::uint64_t{0}, ~std::uint64_t{0}),
             {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  CHECK(same(Philox(0x299f31d0a4093822)(0x0370734413198a2e, 0x85a308d3243f6a88),
             {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST_CASE("unit float fills the half-open interval exactly") {
  CHECK(unit_float(0) == 0.0F);
  CHECK(unit_float(0xff) == 0.0F);
  CHECK(unit_float(0x100) == 0x1p-24F);
  CHECK(unit_float(0x80000000) == 0.5F);
  CHECK(unit_float(0xffffffff) == 1.0F - 0x1p-24F);
}

TEST_CASE("unit floats are uniform") {
  // Chi-squared of 64 equal bins. 99.9 % of all samples lie below 103.4. The draws are fixed, so
  // the result is the same in each run.
  constexpr std::size_t bins = 64;
  constexpr std::uint64_t blocks = 1 << 14;
  std::vector<double> counts(bins, 0.0);
  const Philox philox(12);
  for (std::uint64_t i = 0; i < blocks; ++i) {
    for (const std::uint32_t bits : philox(3, i)) {
      ++counts[static_cast<std::size_t>(unit_float(bits) * bins)];
    }
  }
  const double expected = 4.0 * blocks / bins;
  double chi_squared = 0;
  for (const double count : counts)
    chi_squared += (count - expected) * (count - expected) / expected;
  CHECK(chi_squared < 103.4);
}

TEST_CASE("dropout drops at its rate and scales the rest") {
  constexpr std::uint64_t count = 1 << 16;
  for (const float probability : {0.1F, 0.5F, 0.75F}) {
    const DropoutMask mask{5, 7, probability};
    double dropped = 0;
    for (std::uint64_t i = 0; i < count; ++i) {
      const float scale = mask.scale(i);
      CHECK((scale == 0.0F || scale == 1.0F / (1.0F - probability)));
      if (scale == 0.0F) ++dropped;
    }
    const double p = static_cast<double>(probability);
    const double deviation = std::sqrt(p * (1 - p) / count);
    GRU_CHECK_NEAR(dropped / count, p, 4 * deviation);
  }
  const DropoutMask none{5, 7, 0};
  for (std::uint64_t i = 0; i < 1000; ++i) CHECK(none.scale(i) == 1.0F);
}

std::vector<float> scales(const DropoutMask& mask, std::uint64_t count) {
  std::vector<float> made;
  for (std::uint64_t i = 0; i < count; ++i) made.push_back(mask.scale(i));
  return made;
}

TEST_CASE("a dropout mask does not depend on the order of its elements") {
  const DropoutMask mask{5, 7, 0.5F};
  const std::vector<float> forwards = scales(mask, 1000);
  for (std::size_t i = 1000; i-- > 0;) CHECK(mask.scale(i) == forwards[i]);
  for (std::size_t k = 0; k < 1000; ++k) {
    const std::size_t i = k * 387 % 1000;
    CHECK(mask.scale(i) == forwards[i]);
  }
  // One block serves elements 4k to 4k + 3.
  for (std::size_t i = 0; i < 1000; ++i) {
    const std::uint32_t bits = Philox(5)(7, i / 4)[i % 4];
    CHECK((forwards[i] == 0.0F) == (unit_float(bits) < 0.5F));
  }
}

TEST_CASE("seeds and streams make masks of their own") {
  const std::vector<float> mask = scales({5, 7, 0.5F}, 4096);
  for (const DropoutMask& other : {DropoutMask{6, 7, 0.5F}, DropoutMask{5, 8, 0.5F}}) {
    const std::vector<float> others = scales(other, mask.size());
    double agree = 0;
    for (std::size_t i = 0; i < mask.size(); ++i) agree += mask[i] == others[i] ? 1 : 0;
    GRU_CHECK_NEAR(agree / 4096, 0.5, 4 * 0.5 / 64);
  }
}

}  // namespace
}  // namespace gru
