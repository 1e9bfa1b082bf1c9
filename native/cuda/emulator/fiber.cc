#include "fiber.h"

#include <pthread.h>
#include <sys/mman.h>

#include <cstring>

#include "fatal.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
#include <sanitizer/tsan_interface.h>
extern "C" void AnnotateIgnoreWritesBegin(const char* file, int line);
extern "C" void AnnotateIgnoreWritesEnd(const char* file, int line);
#endif

namespace gru::emulator {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(GRU_EMULATOR_THREAD_SANITIZER)
constexpr std::size_t kStackBytes = 256 * 1024;
#else
constexpr std::size_t kStackBytes = 64 * 1024;
#endif
// Not a multiple of a page. Otherwise the tops of all stacks would share a few sets of the cache.
constexpr std::size_t kStride = kStackBytes + 448;
constexpr std::uint64_t kMark = 0x656d756c61746564;

}  // namespace

FiberStacks::~FiberStacks() {
  if (memory_ != nullptr) munmap(memory_, count_ * kStride);
}

void FiberStacks::reserve(unsigned count) {
  if (count <= count_) return;
  if (memory_ != nullptr) munmap(memory_, count_ * kStride);
  void* const memory = mmap(nullptr, count * kStride, PROT_READ | PROT_WRITE,
                            MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fatal("no memory for the stacks of %u threads", count);
#if defined(__SANITIZE_ADDRESS__)
  ASAN_UNPOISON_MEMORY_REGION(memory,
                              count * kStride);  // earlier contents may have left poison
#endif
  memory_ = static_cast<char*>(memory);
  count_ = count;
}

bool FiberStacks::overran(const Fiber& fiber) {
  return std::memcmp(fiber.stack, &kMark, sizeof kMark) != 0;
}

#if defined(__x86_64__)

extern "C" void gru_emulator_switch(void** save, void* load);
asm(R"(
.text
.type gru_emulator_switch, @function
.hidden gru_emulator_switch
.globl gru_emulator_switch
gru_emulator_switch:
  pushq %rbp
  pushq %rbx
  pushq %r12
  pushq %r13
  pushq %r14
  pushq %r15
  movq %rsp, (%rdi)
  movq %rsi, %rsp
  popq %r15
  popq %r14
  popq %r13
  popq %r12
  popq %rbx
  popq %rbp
  ret
.size gru_emulator_switch, .-gru_emulator_switch
)");

void FiberStacks::prepare(Fiber& fiber, unsigned index, void (*entry)()) {
  fiber.stack = memory_ + index * kStride;
  fiber.stack_bytes = kStackBytes;
  std::memcpy(fiber.stack, &kMark, sizeof kMark);
  // Six registers, entry's address, and a return address of null where the ABI wants rsp + 8 to be
  // a multiple of 16.
  void** const top = reinterpret_cast<void**>(fiber.stack + kStackBytes) - 8;
  std::memset(top, 0, 8 * sizeof *top);
  top[6] = reinterpret_cast<void*>(entry);
  fiber.stack_pointer = top;
}

#else

void FiberStacks::prepare(Fiber& fiber, unsigned index, void (*entry)()) {
  fiber.stack = memory_ + index * kStride;
  fiber.stack_bytes = kStackBytes;
  std::memcpy(fiber.stack, &kMark, sizeof kMark);
  getcontext(&fiber.context);
  fiber.context.uc_stack.ss_sp = fiber.stack;
  fiber.context.uc_stack.ss_size = kStackBytes;
  fiber.context.uc_link = nullptr;
  makecontext(&fiber.context, entry, 0);
}

#endif

void switch_fiber(Fiber& from, Fiber& to) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  __tsan_switch_to_fiber(to.thread_sanitizer, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&from.fake_stack, to.stack, to.stack_bytes);
#endif
#if defined(__x86_64__)
  gru_emulator_switch(&from.stack_pointer, to.stack_pointer);
#else
  swapcontext(&from.context, &to.context);
#endif
  enter_fiber(from);
}

// The function never returns, so its frame must not poison the stack for the next fiber.
[[gnu::no_sanitize_address]] void leave_fiber(Fiber& to) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  __tsan_switch_to_fiber(to.thread_sanitizer, __tsan_switch_to_fiber_no_sync);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(nullptr, to.stack, to.stack_bytes);
#endif
#if defined(__x86_64__)
  void* unused;
  gru_emulator_switch(&unused, to.stack_pointer);
#else
  setcontext(&to.context);
#endif
  __builtin_unreachable();
}

void enter_fiber([[maybe_unused]] Fiber& self) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(self.fake_stack, nullptr, nullptr);
#endif
}

void adopt_thread([[maybe_unused]] Fiber& self) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  self.thread_sanitizer = __tsan_get_current_fiber();
#endif
#if defined(__SANITIZE_ADDRESS__)
  pthread_attr_t attributes;
  void* stack = nullptr;
  if (pthread_getattr_np(pthread_self(), &attributes) != 0) fatal("no attributes of a thread");
  pthread_attr_getstack(&attributes, &stack, &self.stack_bytes);
  pthread_attr_destroy(&attributes);
  self.stack = static_cast<char*>(stack);
#endif
}

void create_view([[maybe_unused]] Fiber& fiber) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  fiber.thread_sanitizer = __tsan_create_fiber(0);
#endif
}

void destroy_view([[maybe_unused]] Fiber& fiber) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  __tsan_destroy_fiber(fiber.thread_sanitizer);
#endif
}

void release_order([[maybe_unused]] void* at) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  __tsan_release(at);
#endif
}

void acquire_order([[maybe_unused]] void* at) {
#if defined(GRU_EMULATOR_THREAD_SANITIZER)
  __tsan_acquire(at);
#endif
}

#if defined(GRU_EMULATOR_THREAD_SANITIZER)
Unseen::Unseen() { AnnotateIgnoreWritesBegin(__FILE__, __LINE__); }
Unseen::~Unseen() { AnnotateIgnoreWritesEnd(__FILE__, __LINE__); }
#else
Unseen::Unseen() {}
Unseen::~Unseen() {}
#endif

}  // namespace gru::emulator
