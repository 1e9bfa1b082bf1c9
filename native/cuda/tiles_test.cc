#include "cuda/emulator/control.h"
#include "cuda/kernels/persistent_launch.h"
#include "cuda/tier.h"
#include "testing/reference_checks.h"

/// Persistent kernels whose blocks have more sequences than fit their shared memory at a time.
namespace gru {
namespace {

using testing::Example;
using testing::Random;

constexpr std::size_t hidden = 20;

/// Gives two blocks room for half of the units and one tile.
std::size_t leave_room_for_one_tile() {
  constexpr std::size_t tile = 4;
  emulator::Properties properties;
  properties.multiprocessors = 2;
  properties.shared_per_block_optin = cuda::persistent_shared(hidden, hidden / 2, tile);
  emulator::set_properties(properties);
  return tile;
}

TEST_CASE("a block with several tiles agrees with the reference") {
  const std::size_t tile = leave_room_for_one_tile();
  Random random;
  for (const ResetGate reset : {ResetGate::after, ResetGate::before}) {
    Example example;
    example.options.input_size = 3;
    example.options.hidden_size = hidden;
    example.options.variant.reset = reset;
    example.steps = 5;
    example.batch = random.size(2 * tile + 1, 4 * tile + 1);
    cuda::Limits limits;
    GRU_CHECK_OK(cuda::read_limits(0, limits));
    cuda::Tiers tiers;
    GRU_CHECK_OK(cuda::choose_tiers({3, hidden, example.options.variant}, limits, {}, {}, tiers));
    CHECK(tiers.forward == cuda::Tier::persistent);
    CHECK(tiers.backward == cuda::Tier::persistent);
    const cuda::PersistentShape shape = cuda::persistent_shape(hidden, example.batch, limits);
    CHECK(shape.tile == tile);
    CHECK(shape.sequences > 2 * tile);
    testing::fill_for_engine(example, random);
    testing::check_example(example, 1);
    example.options.bidirectional = true;
    testing::fill_for_engine(example, random);
    example.lengths = random.lengths(example.batch, example.steps);
    testing::check_example(example, 1);
  }
  emulator::reset();
}

}  // namespace
}  // namespace gru
