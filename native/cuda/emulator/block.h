#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "fiber.h"
#include "grid.h"
#include "shared_memory.h"
#include "thread.h"

/// The threads of one block, as fibers of one OS thread: which one runs, and which ones wait.

namespace gru::emulator {

inline constexpr unsigned kWarp = 32;
inline constexpr unsigned kMaxThreads = 1024;

class Block {
 public:
  Block();
  Block(const Block&) = delete;
  Block& operator=(const Block&) = delete;
  ~Block();
  /// The block of the calling OS thread. Its stacks are used for one block after another.
  static Block& of_thread();

  /// The block whose kernel the OS thread runs now.
  static Block& running() { return *running_; }

  void run(const Grid& grid, Progress& progress, std::size_t number);

  int sync_threads(bool predicate, Site site);
  WarpResult meet_warp(WarpReason reason, unsigned mask, std::uint64_t value, unsigned source,
                       Site site);
  void spin();
  Progress& progress() { return *progress_; }
  SharedMemory& shared_memory() { return shared_; }
  unsigned lane() const { return current_ % kWarp; }

 private:
  enum class State : std::uint8_t { ready, barrier, warp, ended };
  struct Thread {
    Fiber fiber;
    uint3 index;
    Site site;
    WarpReason reason;
    bool predicate;
    unsigned mask;
    unsigned source;
    std::uint64_t value;
    WarpResult result;
    char start;  // addresses that stand for the order that a rendezvous gives
    char arrival;
    char departure;
  };

  static void thread_main();
  void place(const Grid& grid, std::size_t number);
  void order_threads(const Grid& grid, std::size_t number);
  void prepare_threads(const Grid& grid);
  void finish_threads();
  void end_thread();

  // Turns
  unsigned next_ready();
  void resume(unsigned number);
  void yield();
  void wait(State state);
  void note_activity();

  // Rendezvous
  void complete_barrier();
  bool warp_complete(unsigned first, unsigned mask) const;
  void complete_warp(unsigned first, unsigned mask);
  void order_rendezvous(unsigned first, unsigned count, unsigned mask);

  // Failures
  [[noreturn]] void fail(const std::string& what) const;
  [[noreturn]] void fail(unsigned number, const char* what) const;
  [[noreturn]] void fail_together(const char* what, unsigned one, unsigned other) const;
  [[noreturn]] void report_deadlock() const;
  std::string where(unsigned number) const;
  std::string describe(unsigned number) const;

  static constinit thread_local Block* running_;

  const Grid* grid_ = nullptr;
  Progress* progress_ = nullptr;
  SharedMemory shared_;
  FiberStacks stacks_;
  Fiber host_;
  std::unique_ptr<Thread[]> threads_;
  unsigned created_ = 0;  // of them, how many exist
  State states_[kMaxThreads];
  std::uint16_t order_[kMaxThreads];  // thread numbers in the order of their turns
  unsigned count_ = 0;
  unsigned turn_ = 0;     // index into order_
  unsigned current_ = 0;  // order_[turn_]
  unsigned ready_ = 0;
  unsigned ended_ = 0;
  unsigned arrived_ = 0;  // at the barrier
  int predicates_ = 0;
  int barrier_result_ = 0;
  unsigned spins_ = 0;  // consecutive spins without other activity
  unsigned idle_rounds_ = 0;
  std::uint64_t idle_since_ = 0;
  std::uint64_t stuck_round_ = 0;
};

}  // namespace gru::emulator
