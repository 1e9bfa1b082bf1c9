#include "base/size.h"

#include <cstdint>
#include <limits>

#include "testing/random_cases.h"

namespace gru {
namespace {

using testing::Random;

constexpr std::size_t largest = std::numeric_limits<std::size_t>::max();

TEST_CASE("a tensor of doubles and an allocation are below half of the address space") {
  constexpr std::size_t half = largest / 2;
  CHECK(max_bytes <= half);
  CHECK(max_elements <= max_bytes);
  CHECK(max_elements <= max_bytes / (has_64_bit_sizes ? 1 : sizeof(float)));
}

TEST_CASE("a size is a value up to its limit") {
  CHECK(CheckedSize(0).elements() == 0U);
  CHECK(CheckedSize(max_elements).elements() == max_elements);
  CHECK(!CheckedSize(max_elements + 1).elements());
  CHECK(CheckedSize(max_bytes).bytes() == max_bytes);
  CHECK(!CheckedSize(max_bytes + 1).bytes());
  CHECK(CheckedSize(largest).is_at_most(largest));
  CHECK(!CheckedSize(3).is_at_most(2));
}

/// The product of two numbers of 32 bits is compared with that of 64 bits, which holds it.
TEST_CASE("sums and products that do not fit are recorded, however they go on") {
  Random random;
  for (int round = 0; round < 1000; ++round) {
    const std::size_t a = random.size(0, std::size_t{1} << random.size(1, 31));
    const std::size_t b = random.size(0, std::size_t{1} << random.size(1, 31));
    const std::uint64_t product = std::uint64_t{a} * b;
    const std::uint64_t sum = std::uint64_t{a} + b;
    const CheckedSize checked = CheckedSize(a) * b;
    CHECK(checked.is_at_most(largest) == (product <= largest));
    CHECK((CheckedSize(a) + b).is_at_most(largest) == (sum <= largest));
    CHECK(checked.elements().has_value() == (product <= max_elements));
    if (product <= max_elements) CHECK(*checked.elements() == product);
  }
  const CheckedSize beyond = CheckedSize(largest) * 2;
  CHECK(!beyond.is_at_most(largest));
  CHECK(!(beyond * 0).elements());
  CHECK(!(beyond + 1).elements());
  CHECK(!(CheckedSize(largest) + 1).is_at_most(largest));
}

}  // namespace
}  // namespace gru
