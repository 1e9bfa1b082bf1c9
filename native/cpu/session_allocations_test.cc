#include <atomic>
#include <cstdlib>
#include <memory>
#include <new>
#include <utility>
#include <vector>

#include "cpu/aligned_memory.h"
#include "cpu/cpu_device.h"
#include "model/session.h"
#include "testing/random_cases.h"

/// Host memory that a step of a session takes. The file replaces the operators that allocate. They
/// are never inlined: a compiler that sees malloc and delete of one address would warn.

namespace {

std::atomic<std::size_t> allocations{0};

}  // namespace

[[gnu::noinline]] void* operator new(std::size_t bytes) {
  ++allocations;
  if (void* const memory = std::malloc(bytes)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t bytes, std::align_val_t alignment) {
  ++allocations;
  const bool possible = static_cast<std::size_t>(alignment) <= gru::cpu::cache_line;
  if (void* const memory = possible ? gru::cpu::allocate_aligned(bytes) : nullptr) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::align_val_t) noexcept {
  gru::cpu::free_aligned(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t, std::align_val_t) noexcept {
  gru::cpu::free_aligned(memory);
}

namespace gru {
namespace {

GraphOptions options_of(CellKind cell, SelectStep step, bool selects) {
  RecurrentOptions stack;
  stack.hidden_size = 16;
  stack.num_layers = 2;
  stack.cell = cell;
  GraphOptions graph;
  // The names are too long for a string's own storage.
  graph.inputs = {{"features of a long name", false, 3}, {"tokens of a long name", true, 5}};
  graph.layers = {{"embedding", {"tokens of a long name"}, EmbeddingOptions{4}},
                  {"both", {"features of a long name", "embedding"}, ConcatOptions{}},
                  {"memory", {"both"}, stack},
                  {"normal", {"memory"}, LayerNormOptions{}}};
  if (selects) graph.layers.push_back({"last", {"normal"}, SelectOptions{step}});
  graph.layers.push_back({"head", {selects ? "last" : "normal"}, LinearOptions{2}});
  graph.outputs = {{"head", {LossKind::mean_squared_error}}};
  return graph;
}

std::size_t allocations_of_steps(const GraphOptions& options, std::size_t batch) {
  std::unique_ptr<Device> device;
  std::unique_ptr<Model> made;
  GRU_CHECK_OK(cpu::create_device(device));
  GRU_CHECK_OK(Model::create(options, std::move(device), 1, made));
  const std::shared_ptr<Model> model = std::move(made);
  std::unique_ptr<Session> one;
  std::unique_ptr<Session> two;
  GRU_CHECK_OK(Session::create(model, batch, one));
  GRU_CHECK_OK(Session::create(model, batch, two));
  const std::vector<float> features(3 * batch, 0.5F);
  const std::vector<std::int32_t> tokens(batch, 2);
  std::vector<float> output(2 * batch);
  const BatchShape shape{1, batch, {}};
  const InputBatch inputs[] = {{shape, features, {}}, {shape, {}, tokens}};
  const std::span<float> outputs[] = {output};
  GRU_CHECK_OK(one->step({inputs, outputs}));
  GRU_CHECK_OK(two->step({inputs, outputs}));
  const std::size_t before = allocations;
  for (int round = 0; round < 10; ++round) {
    GRU_CHECK_OK(one->step({inputs, outputs}));
    GRU_CHECK_OK(two->step({inputs, outputs}));
  }
  return allocations - before;
}

TEST_CASE("the operators count") {
  const std::size_t before = allocations;
  const auto made = std::make_unique<std::vector<int>>(100);
  CHECK(allocations == before + 2);
}

TEST_CASE("a step of a session allocates nothing after the first one") {
  for (const CellKind cell : {CellKind::gru, CellKind::lstm}) {
    for (const bool selects : {false, true}) {
      for (const std::size_t batch : {std::size_t{1}, std::size_t{8}}) {
        CHECK(allocations_of_steps(options_of(cell, SelectStep::last, selects), batch) == 0);
      }
    }
  }
}

}  // namespace
}  // namespace gru
