#include <cstring>

#include "block.h"

/// Where threads of a block wait for each other: barriers and warp functions.

namespace gru::emulator {

void Block::order_rendezvous(unsigned first, unsigned count, unsigned mask) {
  for (unsigned i = 0; i < count; ++i) {
    if ((mask >> i % kWarp & 1) != 0) acquire_order(&threads_[first + i].arrival);
  }
  for (unsigned i = 0; i < count; ++i) {
    if ((mask >> i % kWarp & 1) != 0) release_order(&threads_[first + i].departure);
  }
}

int Block::sync_threads(bool predicate, Site site) {
  note_activity();
  Thread& self = threads_[current_];
  self.site = site;
  predicates_ += predicate;
  release_order(&self.arrival);
  if (++arrived_ == count_) {
    complete_barrier();
  } else {
    wait(State::barrier);
  }
  acquire_order(&self.departure);
  return barrier_result_;
}

void Block::complete_barrier() {
  const Site site = threads_[current_].site;
  for (unsigned i = 0; i < count_; ++i) {
    const Site other = threads_[i].site;
    const bool same = site.line() == other.line() && site.column() == other.column() &&
                      std::strcmp(site.file_name(), other.file_name()) == 0;
    if (!same) fail_together("divergent barrier", current_, i);
  }
  order_rendezvous(0, count_, ~0u);
  std::memset(states_, static_cast<int>(State::ready), count_);
  ready_ = count_;
  arrived_ = 0;
  barrier_result_ = predicates_;
  predicates_ = 0;
}

WarpResult Block::meet_warp(WarpReason reason, unsigned mask, std::uint64_t value, unsigned source,
                            Site site) {
  note_activity();
  const unsigned number = current_;
  Thread& self = threads_[number];
  self.site = site;
  self.reason = reason;
  self.mask = mask;
  self.value = value;
  self.source = source;
  if ((mask >> number % kWarp & 1) == 0) fail(number, "is not in the mask that it names");
  release_order(&self.arrival);
  states_[number] = State::warp;
  ready_ -= 1;
  const unsigned first = number - number % kWarp;
  if (warp_complete(first, mask)) {
    complete_warp(first, mask);
  } else {
    yield();
  }
  acquire_order(&self.departure);
  return self.result;
}

bool Block::warp_complete(unsigned first, unsigned mask) const {
  for (unsigned i = 0; i < kWarp && first + i < count_; ++i) {
    if ((mask >> i & 1) == 0 || states_[first + i] == State::ended) continue;
    if (states_[first + i] != State::warp || threads_[first + i].mask != mask) return false;
  }
  return true;
}

void Block::complete_warp(unsigned first, unsigned mask) {
  unsigned there = 0;
  unsigned ballot = 0;
  for (unsigned i = 0; i < kWarp && first + i < count_; ++i) {
    if ((mask >> i & 1) == 0 || states_[first + i] == State::ended) continue;
    there |= 1u << i;
    if (threads_[first + i].value != 0) ballot |= 1u << i;
  }
  const unsigned width = count_ - first < kWarp ? count_ - first : kWarp;
  order_rendezvous(first, width, there);
  const unsigned any = first + static_cast<unsigned>(__builtin_ctz(there));
  for (unsigned i = 0; i < width; ++i) {
    if ((there >> i & 1) == 0) continue;
    Thread& thread = threads_[first + i];
    if (thread.reason != threads_[any].reason) fail_together("divergent warp", any, first + i);
    const unsigned source = thread.source % kWarp;
    const bool given = (there >> source & 1) != 0;
    thread.result = {given ? threads_[first + source].value : ~std::uint64_t{0}, ballot};
    states_[first + i] = State::ready;
    ready_ += 1;
  }
}

// The functions of thread.h --------------------------------------------------------------------

int sync_threads(bool predicate, Site site) {
  return Block::running().sync_threads(predicate, site);
}

WarpResult meet_warp(WarpReason reason, unsigned mask, std::uint64_t value, unsigned source,
                     Site site) {
  return Block::running().meet_warp(reason, mask, value, source, site);
}

unsigned lane() { return Block::running().lane(); }
void spin() { Block::running().spin(); }
void note_store() { Block::running().progress().note(); }
void* dynamic_shared_memory() { return Block::running().shared_memory().dynamic(); }
void* static_shared_memory(const void* site, std::size_t bytes, std::size_t alignment) {
  const Unseen unseen;
  return Block::running().shared_memory().fixed(site, bytes, alignment);
}

void fence() {
  static char order;
  __atomic_thread_fence(__ATOMIC_SEQ_CST);
  release_order(&order);
  acquire_order(&order);
}

}  // namespace gru::emulator
