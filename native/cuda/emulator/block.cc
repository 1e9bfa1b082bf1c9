#include "block.h"

#include <sched.h>

#include "fatal.h"

namespace gru::emulator {

constinit thread_local Position position = {};
constinit thread_local Block* Block::running_ = nullptr;

namespace {

constexpr unsigned kIdleRounds = 20000;

}  // namespace

Block::Block() : threads_(new Thread[kMaxThreads]) {}

Block::~Block() {
  while (created_ > 0) destroy_view(threads_[--created_].fiber);
}

Block& Block::of_thread() {
  static thread_local Block block;
  return block;
}

// Life of a block -----------------------------------------------------------------------------

void Block::place(const Grid& grid, std::size_t number) {
  const dim3 size = grid.grid_size;
  position.block = {static_cast<unsigned>(number % size.x),
                    static_cast<unsigned>(number / size.x % size.y),
                    static_cast<unsigned>(number / size.x / size.y)};
  position.block_size = grid.block_size;
  position.grid_size = size;
}

void Block::order_threads(const Grid& grid, std::size_t number) {
  for (unsigned i = 0; i < count_; ++i) {
    const bool reverse = grid.order == ThreadOrder::reverse;
    order_[i] = static_cast<std::uint16_t>(reverse ? count_ - 1 - i : i);
  }
  if (grid.order != ThreadOrder::shuffle) return;
  std::uint64_t state = grid.shuffle(number);
  for (unsigned i = count_ - 1; i > 0; --i) {
    state = mix(state);
    const unsigned other = static_cast<unsigned>(state % (i + 1));
    const std::uint16_t taken = order_[i];
    order_[i] = order_[other];
    order_[other] = taken;
  }
}

void Block::prepare_threads(const Grid& grid) {
  const dim3 size = grid.block_size;
  stacks_.reserve(count_);
  for (; created_ < count_; ++created_) create_view(threads_[created_].fiber);
  for (unsigned i = 0; i < count_; ++i) {
    threads_[i].index = {i % size.x, i / size.x % size.y, i / size.x / size.y};
    states_[i] = State::ready;
    stacks_.prepare(threads_[i].fiber, i, thread_main);
    release_order(&threads_[i].start);
  }
}

void Block::finish_threads() {
  for (unsigned i = 0; i < count_; ++i) {
    acquire_order(&threads_[i].departure);
    if (FiberStacks::overran(threads_[i].fiber)) fail(i, "overran its stack");
  }
}

void Block::run(const Grid& grid, Progress& progress, std::size_t number) {
  grid_ = &grid;
  progress_ = &progress;
  count_ = ready_ = grid.threads();
  ended_ = arrived_ = spins_ = idle_rounds_ = 0;
  predicates_ = 0;
  stuck_round_ = 0;
  place(grid, number);
  shared_.begin(grid.shared_bytes, grid.shared_limit);
  adopt_thread(host_);
  order_threads(grid, number);
  prepare_threads(grid);
  running_ = this;
  turn_ = 0;
  current_ = order_[0];
  position.thread = threads_[current_].index;
  switch_fiber(host_, threads_[current_].fiber);
  progress.note();
  running_ = nullptr;
  finish_threads();
  if (!shared_.end()) fail("wrote past the end of shared memory");
}

void Block::thread_main() {
  Block& block = running();
  Thread& self = block.threads_[block.current_];
  enter_fiber(self.fiber);
  acquire_order(&self.start);
  block.grid_->body();
  block.end_thread();
}

void Block::end_thread() {
  note_activity();
  const unsigned self = current_;
  states_[self] = State::ended;
  ready_ -= 1;
  ended_ += 1;
  release_order(&threads_[self].departure);
  if (ended_ == count_) leave_fiber(host_);
  const unsigned first = self / kWarp * kWarp;
  for (unsigned i = first; i < first + kWarp && i < count_; ++i) {
    if (states_[i] == State::warp && warp_complete(first, threads_[i].mask)) {
      complete_warp(first, threads_[i].mask);
    }
  }
  const unsigned next = next_ready();
  position.thread = threads_[next].index;
  leave_fiber(threads_[next].fiber);
}

// Turns ---------------------------------------------------------------------------------------

unsigned Block::next_ready() {
  if (ready_ == 0) report_deadlock();
  do {
    turn_ = turn_ + 1 == count_ ? 0 : turn_ + 1;
  } while (states_[order_[turn_]] != State::ready);
  return current_ = order_[turn_];
}

void Block::yield() {
  const unsigned self = current_;
  const unsigned next = next_ready();
  if (next == self) return;
  position.thread = threads_[next].index;
  switch_fiber(threads_[self].fiber, threads_[next].fiber);
}

void Block::wait(State state) {
  states_[current_] = state;
  ready_ -= 1;
  yield();
}

void Block::note_activity() {
  spins_ = 0;
  if (idle_rounds_ == 0) return;
  idle_rounds_ = 0;
  progress_->note();
}

void Block::spin() {
  if (++spins_ >= ready_) {
    spins_ = 0;
    sched_yield();
    const std::uint64_t events = progress_->events();
    if (idle_rounds_ == 0 || events != idle_since_) {
      idle_since_ = events;
      idle_rounds_ = 1;
    } else if (++idle_rounds_ >= kIdleRounds) {
      idle_rounds_ = 1;
      if (progress_->stuck(events, stuck_round_))
        fail(current_, "spins for a value that nobody will write");
    }
  }
  if (ready_ > 1) yield();
}

}  // namespace gru::emulator
