#include "layers/initialization.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/random.h"

namespace gru {

namespace {

void fill_uniform(const Philox& random, std::uint64_t stream, double bound,
                  std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); i += 4) {
    const Philox::Block block = random(stream, i / 4);
    for (std::size_t lane = 0; lane < std::min<std::size_t>(4, values.size() - i); ++lane) {
      const double unit = unit_float(block[lane]);
      values[i + lane] = static_cast<float>((2 * unit - 1) * bound);
    }
  }
}

// Box and Muller, "A note on the generation of random normal deviates", 1958.
void fill_normal(const Philox& random, std::uint64_t stream, double deviation,
                 std::span<float> values) {
  for (std::size_t i = 0; i < values.size(); ++i) {
    const Philox::Block block = random(stream, i);
    const double radius = std::sqrt(-2 * std::log(1 - static_cast<double>(unit_float(block[0]))));
    const double angle = 2 * std::numbers::pi * static_cast<double>(unit_float(block[1]));
    values[i] = static_cast<float>(deviation * radius * std::cos(angle));
  }
}

}  // namespace

void initialize_parameters(const ParameterLayout& layout, std::uint64_t seed,
                           std::span<float> parameters) {
  const Philox random(seed);
  for (std::size_t stream = 0; stream < layout.specs().size(); ++stream) {
    const ParameterSpec& spec = layout.specs()[stream];
    const auto values = parameters.subspan(spec.offset, spec.count);
    switch (spec.initial.kind) {
      case InitialValues::Kind::uniform:
        fill_uniform(random, stream, spec.initial.scale, values);
        break;
      case InitialValues::Kind::normal:
        fill_normal(random, stream, spec.initial.scale, values);
        break;
      case InitialValues::Kind::constant:
        std::ranges::fill(values, static_cast<float>(spec.initial.scale));
        break;
    }
  }
}

}  // namespace gru
