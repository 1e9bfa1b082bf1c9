#include <doctest.h>

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <utility>
#include <vector>

namespace {

constexpr std::size_t mebibyte = std::size_t{1} << 20;
constexpr std::size_t gibibyte = std::size_t{1} << 30;

constexpr std::size_t block = 256 * mebibyte;
/// The program itself needs a part of the memory's 4 GiB.
constexpr std::size_t most_blocks = 15;

/// A compiler may leave out memory that nobody uses, but not what is volatile.
bool is_nothing(void* memory) {
  void* volatile used = memory;
  return used == nullptr;
}

struct Free {
  void operator()(std::byte* memory) const { std::free(memory); }
};
using Block = std::unique_ptr<std::byte[], Free>;

/// Blocks whose first and last bytes are their numbers, until there is no memory left.
std::vector<Block> take_all() {
  std::vector<Block> blocks;
  blocks.reserve(most_blocks + 1);
  while (Block memory{static_cast<std::byte*>(std::malloc(block))}) {
    memory[0] = memory[block - 1] = std::byte(blocks.size());
    blocks.push_back(std::move(memory));
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
    CHECK(is_nothing(std::malloc(size)));
    CHECK(is_nothing(std::aligned_alloc(64, size / 64 * 64)));
    CHECK(is_nothing(::operator new(size, std::nothrow)));
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
