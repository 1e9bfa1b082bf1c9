#include <cstdio>

#include "block.h"
#include "fatal.h"

/// The messages of a block whose threads cannot continue.

namespace gru::emulator {

std::string Block::where(unsigned number) const {
  const uint3 thread = threads_[number].index;
  char text[96];
  std::snprintf(text, sizeof text, "thread (%u, %u, %u)", thread.x, thread.y, thread.z);
  return text;
}

std::string Block::describe(unsigned number) const {
  const Thread& thread = threads_[number];
  if (states_[number] == State::ended) return where(number) + " has ended";
  const Site site = thread.site;
  return where(number) + " waits at " + site.file_name() + ":" + std::to_string(site.line());
}

void Block::fail(unsigned number, const char* what) const { fail(where(number) + " " + what); }

void Block::fail_together(const char* what, unsigned one, unsigned other) const {
  fail(what + (": " + describe(one)) + ", " + describe(other));
}

void Block::fail(const std::string& what) const {
  static constexpr const char* kOrders[] = {"forward", "reverse", "shuffle"};
  const uint3 block = position.block;
  fatal(
      "kernel %s, block (%u, %u, %u): %s [GRU_CUDA_EMULATED_ORDER=%s GRU_CUDA_EMULATED_SEED=%llu]",
      grid_->name().c_str(), block.x, block.y, block.z, what.c_str(),
      kOrders[static_cast<int>(grid_->order)], static_cast<unsigned long long>(grid_->seed));
}

void Block::report_deadlock() const {
  unsigned one = 0;
  while (states_[one] == State::ended) one += 1;
  for (unsigned i = 0; i < count_; ++i) {
    if (states_[i] != states_[one]) fail_together("divergent barrier", one, i);
  }
  fail(one, "waits at a warp function for lanes that wait for others");
}

}  // namespace gru::emulator
