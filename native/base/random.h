#pragma once

#include <array>
#include <cstdint>

namespace gru {

/// Philox 4x32-10 (Salmon et al., "Parallel random numbers: as easy as 1, 2, 3", SC 2011). It
/// computes the random block of a counter directly, so that any device can compute any element
/// independently.
class Philox {
 public:
  using Block = std::array<std::uint32_t, 4>;

  explicit constexpr Philox(std::uint64_t seed)
      : key_{static_cast<std::uint32_t>(seed), static_cast<std::uint32_t>(seed >> 32)} {}

  /// The block at (`stream`, `index`). Different uses of one seed have different streams.
  constexpr Block operator()(std::uint64_t stream, std::uint64_t index) const {
    Block c{static_cast<std::uint32_t>(index), static_cast<std::uint32_t>(index >> 32),
            static_cast<std::uint32_t>(stream), static_cast<std::uint32_t>(stream >> 32)};
    std::uint32_t k0 = key_[0];
    std::uint32_t k1 = key_[1];
    for (int round = 0; round < 10; ++round) {
      const std::uint64_t p0 = std::uint64_t{0xD2511F53} * c[0];
      const std::uint64_t p1 = std::uint64_t{0xCD9E8D57} * c[2];
      c = {static_cast<std::uint32_t>(p1 >> 32) ^ c[1] ^ k0, static_cast<std::uint32_t>(p1),
           static_cast<std::uint32_t>(p0 >> 32) ^ c[3] ^ k1, static_cast<std::uint32_t>(p0)};
      k0 += 0x9E3779B9;
      k1 += 0xBB67AE85;
    }
    return c;
  }

 private:
  std::array<std::uint32_t, 2> key_;
};

/// A float in [0, 1) from 24 random bits: every value is exact.
constexpr float unit_float(std::uint32_t bits) { return static_cast<float>(bits >> 8) * 0x1p-24F; }

/// Dropout between layers: the scale of element `index` is 0 with the given probability, otherwise
/// 1 / (1 - probability), as in PyTorch. One Philox block serves four neighbouring elements.
struct DropoutMask {
  std::uint64_t seed = 0;
  std::uint64_t stream = 0;
  float probability = 0;

  constexpr float scale(std::uint64_t index) const {
    const Philox::Block block = Philox(seed)(stream, index / 4);
    return unit_float(block[index % 4]) < probability ? 0.0F : 1.0F / (1.0F - probability);
  }
};

}  // namespace gru
