#include <doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <vector>

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t gibibyte = std::size_t{1} << 30;

/// The memory that one program may have: 4 GiB less one page.
constexpr std::size_t block = 256 * mebibyte;
constexpr std::size_t most_blocks = 15;

/// Blocks whose first and last bytes are their numbers, until there is no memory left.
std::vector<std::unique_ptr<std::byte[]>> take_all() {
  std::vector<std::unique_ptr<std::byte[]>> blocks;
  blocks.reserve(most_blocks + 1);
  while (auto* const memory = new (std::nothrow) std::byte[block]) {
    memory[0] = memory[block - 1] = std::byte(blocks.size());
    blocks.emplace_back(memory);
  }
  return blocks;
}

}  // namespace

TEST_CASE("a request beyond the memory gets nothing and changes nothing") {
  std::vector<std::uint32_t> own(mebibyte);
  std::iota(own.begin(), own.end(), 0U);
  constexpr std::size_t most = std::numeric_limits<std::size_t>::max();
  for (const std::size_t size : {2 * gibibyte, 2 * gibibyte + 7, 3 * gibibyte, most - 64 * mebibyte,
                                 most - mebibyte, most - 8, most}) {
    CAPTURE(size);
    void* volatile memory = std::malloc(size);
    CHECK(memory == nullptr);
    CHECK_THROWS_AS(memory = ::operator new(size), std::bad_alloc);
    memory = std::aligned_alloc(64, size / 64 * 64);
    CHECK(memory == nullptr);
  }
  for (std::uint32_t i = 0; i < own.size(); ++i) REQUIRE(own[i] == i);
}

TEST_CASE("all of the memory can be used, and again after it was freed") {
  for (int round = 0; round < 3; ++round) {
    const auto blocks = take_all();
    CHECK(blocks.size() == most_blocks);
    for (std::size_t i = 0; i < blocks.size(); ++i) {
      CHECK(blocks[i][0] == std::byte(i));
      CHECK(blocks[i][block - 1] == std::byte(i));
    }
  }
}
