#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

/// Fibers: stacks that one OS thread switches between. ThreadSanitizer and AddressSanitizer are
/// informed of each switch.

namespace gru::emulator {

/// A suspended flow of control: a fiber's, or that of the OS thread that runs the fibers.
struct Fiber {
#if defined(__x86_64__)
  void* stack_pointer = nullptr;
#else
  ucontext_t context;
#endif
  char* stack = nullptr;  ///< lowest address
  std::size_t stack_bytes = 0;
  void* thread_sanitizer = nullptr;
  void* fake_stack = nullptr;  ///< AddressSanitizer's
};

/// Stacks for `count` fibers. A mark at the end of each shows whether the stack overran.
class FiberStacks {
 public:
  FiberStacks() = default;
  FiberStacks(const FiberStacks&) = delete;
  FiberStacks& operator=(const FiberStacks&) = delete;
  ~FiberStacks();

  void reserve(unsigned count);
  /// Prepares `fiber` to start with entry() on stack `index`. entry never returns.
  void prepare(Fiber& fiber, unsigned index, void (*entry)());
  static bool overran(const Fiber& fiber);

 private:
  char* memory_ = nullptr;
  unsigned count_ = 0;
};

/// Suspends the running flow as `from` and resumes `to`.
void switch_fiber(Fiber& from, Fiber& to);
/// Ends the running fiber, whose entry is finished, and resumes `to`.
[[noreturn]] void leave_fiber(Fiber& to);
/// A fiber's entry must call this first.
void enter_fiber(Fiber& self);
/// Makes `self` represent the OS thread as it runs now.
void adopt_thread(Fiber& self);
/// Creates ThreadSanitizer's record of a fiber. The fiber may use it repeatedly.
void create_view(Fiber& fiber);
void destroy_view(Fiber& fiber);

/// Tells ThreadSanitizer that everything before a release of `at` comes before everything after a
/// later acquire. A switch of fibers alone implies no order.
void release_order(void* at);
void acquire_order(void* at);

/// While this object lives, ThreadSanitizer does not see what the running fiber does.
class Unseen {
 public:
  Unseen();
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen();
};

}  // namespace gru::emulator
