#pragma once

#include <cstddef>
#include <cstdint>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif

/// Fibers: stacks that one OS thread switches between. ThreadSanitizer and AddressSanitizer are
/// told.

namespace gru::emulator {

/// A suspended flow of control: a fiber's, or the OS thread's own that started it.
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

/// Stacks for `count` fibers, with a mark at the end of each that tells whether it overran.
class FiberStacks {
 public:
  FiberStacks() = default;
  FiberStacks(const FiberStacks&) = delete;
  FiberStacks& operator=(const FiberStacks&) = delete;
  ~FiberStacks();

  void reserve(unsigned count);
  /// Makes `fiber` one that starts with entry() on stack `index`; entry never returns.
  void prepare(Fiber& fiber, unsigned index, void (*entry)());
  static bool overran(const Fiber& fiber);

 private:
  char* memory_ = nullptr;
  unsigned count_ = 0;
};

/// Suspends the running flow as `from` and resumes `to`.
void switch_fiber(Fiber& from, Fiber& to);
/// Ends the running fiber, whose entry is done, and resumes `to`.
[[noreturn]] void leave_fiber(Fiber& to);
/// The first thing that a fiber's entry does.
void enter_fiber(Fiber& self);
/// Makes `self` stand for the OS thread as it runs now.
void adopt_thread(Fiber& self);
/// ThreadSanitizer's view of a fiber, which may serve again and again.
void create_view(Fiber& fiber);
void destroy_view(Fiber& fiber);

/// ThreadSanitizer: all before a release of `at` comes before all after a later acquire. Switching
/// gives no order by itself.
void release_order(void* at);
void acquire_order(void* at);

/// ThreadSanitizer doesn't see what the running fiber does meanwhile.
class Unseen {
 public:
  Unseen();
  Unseen(const Unseen&) = delete;
  Unseen& operator=(const Unseen&) = delete;
  ~Unseen();
};

}  // namespace gru::emulator
