#include "cpu/threads/threads.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <system_error>
#include <thread>
#include <utility>

#include "cpu/cpu_device.h"
#include "cpu/threads/cores.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

namespace gru::cpu {

using Clock = std::chrono::steady_clock;

namespace {

/// Longer than the other threads need to finish a step that began at the same time. Shorter than a
/// time slice of the scheduler, so that a waiting thread does not block the core of the thread that
/// it waits for.
constexpr std::chrono::microseconds spin_time{30};

/// How far back a team looks for stalls: a few time slices of the scheduler.
constexpr std::chrono::milliseconds stall_window{40};

void pause() {
#if defined(__x86_64__)
  _mm_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

/// After a contended region the pool rests. The first rest is short, since one stall may be chance
/// (a stopped process, an interrupt). Each time that a team stalls again soon after, the rest is
/// four times as long. A stall lasts a time slice or two, so stalls stay a small part of the time.
class Rest {
 public:
  bool is_over() const { return Clock::now() >= until_; }
  void begin() {
    const Clock::time_point now = Clock::now();
    const bool soon = now - until_ < 10 * length_;
    length_ = soon ? std::min(4 * length_, longest) : shortest;
    until_ = now + length_;
  }

 private:
  static constexpr Clock::duration shortest = std::chrono::milliseconds{1};
  static constexpr Clock::duration longest = std::chrono::milliseconds{100};
  Clock::duration length_{};
  Clock::time_point until_{};
};

template <class Changed>
bool spin_until(const Changed& changed) {
  const auto start = Clock::now();
  do {
    for (int i = 0; i < 32; ++i) {
      if (changed()) return true;
      pause();
    }
  } while (Clock::now() - start < spin_time);
  return false;
}

void wait_while(const std::atomic<std::uint32_t>& value, std::uint32_t old) {
  const auto changed = [&] { return value.load(std::memory_order_acquire) != old; };
  if (spin_until(changed)) return;
  while (!changed()) value.wait(old, std::memory_order_acquire);
}

/// The process's ThreadCount, which any thread may read or change.
struct SharedThreadCount {
  explicit SharedThreadCount(const ThreadCount& initial)
      : count(initial.count), is_chosen(initial.is_chosen) {}
  std::atomic<unsigned> count;
  std::atomic<bool> is_chosen;
};

SharedThreadCount& thread_count() {
  static SharedThreadCount count(initial_threads(max_threads));
  return count;
}

/// The thread that waits for what the calling thread computes, or 0.
thread_local ThreadId waiting_caller = 0;

/// When the calling thread last began to work in its current region.
thread_local Clock::time_point work_began;

/// Whether a wait since `arrived` was a stall: it was as long as a time slice of the scheduler, and
/// longer than any difference between the threads' shares of work.
bool is_stall(Clock::time_point arrived, Clock::duration waited) {
  constexpr std::chrono::microseconds least{200};
  return waited > least && waited > 2 * (arrived - work_began);
}

/// Whether the thread had work. A thread with almost no share waits for the others without a stall.
bool had_share(Clock::time_point finished) {
  return finished - work_began > std::chrono::microseconds{20};
}

}  // namespace

/// One region.
struct Region {
  void (*body)(const void*, unsigned, Team&);
  const void* context;
};

/// A thread that takes part in one region after another.
struct Worker {
  std::atomic<std::uint32_t> begun{0};     ///< number of regions; increases when one begins
  std::atomic<std::uint32_t> finished{0};  ///< number of regions that its part of is done
  Region region{};
  Team* team = nullptr;
  unsigned index = 0;      ///< in the team
  Worker* next = nullptr;  ///< of those that are idle, or that the same caller hired
};

/// Callers at the same time have teams of their own, as long as there are idle workers. Workers
/// start when they are first needed and sleep when they are idle. The pool is never destroyed: at
/// the end of the process they still sleep.
class Pool {
 public:
  static Pool& instance() {
    static Pool& pool = *new Pool;
    return pool;
  }

  void run(unsigned wanted, const Region& region) {
    if (in_region) return run_alone(region);
    in_region = true;
    const Hired hired = hire(cores_for_team(wanted - 1));
    if (hired.count == 0) {
      run_alone(region);
    } else {
      run_together(hired, region);
    }
    in_region = false;
  }

 private:
  struct Hired {
    Worker* first = nullptr;
    unsigned count = 0;
  };

  static void run_alone(const Region& region) {
    Team team(1);
    region.body(region.context, 0, team);
  }

  void run_together(const Hired& hired, const Region& region) {
    Team team(hired.count + 1);
    unsigned index = 0;
    for (Worker* worker = hired.first; worker != nullptr; worker = worker->next) {
      worker->region = region;
      worker->team = &team;
      worker->index = ++index;
      worker->begun.fetch_add(1, std::memory_order_release);
      worker->begun.notify_one();
    }
    work_began = Clock::now();
    region.body(region.context, 0, team);
    const Clock::time_point finished = Clock::now();
    for (Worker* worker = hired.first; worker != nullptr; worker = worker->next) {
      wait_while(worker->finished, worker->begun.load(std::memory_order_relaxed) - 1);
    }
    const Clock::time_point ended = Clock::now();
    const bool stalled = had_share(finished) && is_stall(finished, ended - finished);
    // The region is over, so only its own stalls are judged: a short rest costs little.
    const bool contended =
        stalled || team.contended_ || team.stalls().cost_much(ended - team.window_began_);
    dismiss(hired, contended);
  }

  /// Takes up to `most` workers, so that all callers together have no more than threads() - 1. None
  /// while the pool rests.
  Hired hire(unsigned most) {
    if (most == 0) return {};
    const std::lock_guard lock(mutex_);
    if (!rest_.is_over()) return {};
    Hired hired;
    while (hired.count < most && hired_ + 1 < threads() && ensure_idle()) {
      Worker* const worker = idle_;
      idle_ = worker->next;
      worker->next = hired.first;
      hired.first = worker;
      ++hired.count;
      ++hired_;
    }
    return hired;
  }

  /// The cores on which a team may compute besides the caller's: those that are idle, unless
  /// somebody asked for a number of threads. A team whose members wait for a core is slower than
  /// one thread, and delays other processes. A caller that is about to wait is no work for a core.
  static unsigned cores_for_team(unsigned most) {
    if (thread_count().is_chosen.load(std::memory_order_relaxed)) return most;
    const std::optional<long> first = cores_for_workers();
    if (!first) return most;
    if (*first >= static_cast<long>(most) || waiting_caller == 0) return bounded(*first, most);
    if (is_running(waiting_caller)) return bounded(*first + 1, most);
    // Perhaps it ran when the cores were counted.
    return bounded(cores_for_workers().value_or(0), most);
  }

  /// Workers that wait actively for their next region are no work for a core.
  static std::optional<long> cores_for_workers() {
    const std::optional<long> idle = idle_cores();
    if (!idle) return {};
    return *idle + static_cast<long>(waiting_workers.load(std::memory_order_relaxed));
  }
  static unsigned bounded(long cores, unsigned most) {
    return static_cast<unsigned>(std::clamp(cores, 0L, static_cast<long>(most)));
  }

  void dismiss(const Hired& hired, bool contended) {
    const std::lock_guard lock(mutex_);
    if (contended) rest_.begin();
    hired_ -= hired.count;
    for (Worker* worker = hired.first; worker != nullptr;) {
      Worker* const next = worker->next;
      worker->next = idle_;
      idle_ = worker;
      worker = next;
    }
  }

  /// Starts a worker if none is idle. Returns false if the system gives no more threads.
  bool ensure_idle() {
    if (idle_ != nullptr) return true;
    try {
      auto worker = std::make_unique<Worker>();
      std::thread([&state = *worker] { work(state); }).detach();
      idle_ = worker.release();
      return true;
    } catch (const std::system_error&) {
    } catch (const std::bad_alloc&) {
    }
    return false;
  }

  static void wait_for_region(const Worker& state, std::uint32_t seen) {
    const auto has_begun = [&] { return state.begun.load(std::memory_order_acquire) != seen; };
    waiting_workers.fetch_add(1, std::memory_order_relaxed);
    const bool begun = spin_until(has_begun);
    waiting_workers.fetch_sub(1, std::memory_order_relaxed);
    while (!begun && !has_begun()) state.begun.wait(seen, std::memory_order_acquire);
  }

  [[noreturn]] static void work(Worker& state) {
    const FlushDenormals flush;
    in_region = true;
    for (std::uint32_t seen = 0;; ++seen) {
      wait_for_region(state, seen);
      work_began = Clock::now();
      state.region.body(state.region.context, state.index, *state.team);
      state.finished.store(seen + 1, std::memory_order_release);
      state.finished.notify_one();
    }
  }

  /// Whether the calling thread computes its part of a region. A region within is computed alone.
  static thread_local bool in_region;
  static std::atomic<unsigned> waiting_workers;  ///< those that wait actively

  std::mutex mutex_;
  Rest rest_;
  Worker* idle_ = nullptr;
  unsigned hired_ = 0;
};

thread_local bool Pool::in_region = false;
std::atomic<unsigned> Pool::waiting_workers{0};

namespace {

std::atomic<unsigned> computing_threads{0};
thread_local unsigned computing_here = 0;

/// The calling thread's share of the threads.
unsigned threads_of_caller() {
  const unsigned others =
      computing_threads.load(std::memory_order_relaxed) - (computing_here > 0 ? 1 : 0);
  return std::max(1U, threads() / (others + 1));
}

}  // namespace

Team::Team(unsigned size) : size_(size) {
  if (size > 1) window_began_ = Clock::now();
}

bool Team::contended() {
  const Stalls now = stalls();
  if (contended_ || now.count == 0) return contended_;
  const Clock::duration passed = Clock::now() - window_began_;
  contended_ = now.came_again(passed, stall_window);
  if (passed > stall_window) {
    stall_count_.store(0, std::memory_order_relaxed);
    stall_duration_.store(0, std::memory_order_relaxed);
    window_began_ += passed;
  }
  return contended_;
}

Stalls Team::stalls() const {
  if (size_ == 1) return {};
  // While one thread is late, all others wait and count the same stall.
  const unsigned waiting = size_ - 1;
  return {stall_count_.load(std::memory_order_relaxed) / waiting,
          Clock::duration(stall_duration_.load(std::memory_order_relaxed) / waiting)};
}

void Team::add_stall(Clock::duration waited) {
  stall_duration_.fetch_add(waited.count(), std::memory_order_relaxed);
  stall_count_.fetch_add(1, std::memory_order_relaxed);
}

void Team::barrier() {
  if (size_ == 1) return;
  const std::uint32_t generation = generation_.load(std::memory_order_relaxed);
  if (arrived_.fetch_add(1, std::memory_order_acq_rel) + 1 == size_) {
    arrived_.store(0, std::memory_order_relaxed);
    generation_.fetch_add(1, std::memory_order_release);
    generation_.notify_all();
    work_began = Clock::now();
    return;
  }
  const Clock::time_point arrived = Clock::now();
  wait_while(generation_, generation);
  const Clock::time_point now = Clock::now();
  if (is_stall(arrived, now - arrived)) add_stall(now - arrived);
  work_began = now;
}

Range share_of(std::size_t count, unsigned index, unsigned parts, std::size_t grain) {
  const std::size_t grains = (count + grain - 1) / grain;
  const auto cut = [&](std::size_t i) { return std::min(grains * i / parts * grain, count); };
  return {cut(index), cut(index + std::size_t{1})};
}

void detail::run_parallel(unsigned wanted, void (*body)(const void*, unsigned, Team&),
                          const void* context) {
  const FlushDenormals flush;
  if (wanted > 1) wanted = std::min(wanted, threads_of_caller());
  if (wanted <= 1) {
    Team alone(1);
    body(context, 0, alone);
    return;
  }
  Pool::instance().run(wanted, {body, context});
}

ComputingThread::ComputingThread(ThreadId caller)
    : outer_caller_(std::exchange(waiting_caller, caller == current_thread() ? 0 : caller)) {
  if (computing_here++ == 0) computing_threads.fetch_add(1, std::memory_order_relaxed);
}

ComputingThread::~ComputingThread() {
  waiting_caller = outer_caller_;
  if (--computing_here == 0) computing_threads.fetch_sub(1, std::memory_order_relaxed);
}

unsigned threads() { return thread_count().count.load(std::memory_order_relaxed); }

Status set_threads(unsigned count) noexcept {
  if (count < 1 || count > max_threads) {
    return Status::value("threads: expected an integer from 1 to " + std::to_string(max_threads) +
                         ", got " + std::to_string(count));
  }
  thread_count().count.store(count, std::memory_order_relaxed);
  thread_count().is_chosen.store(true, std::memory_order_relaxed);
  return {};
}

#if defined(__x86_64__)
FlushDenormals::FlushDenormals() : saved_(_mm_getcsr()) {
  constexpr unsigned flush_to_zero = 0x8000;
  constexpr unsigned denormals_are_zero = 0x0040;
  _mm_setcsr(static_cast<unsigned>(saved_) | flush_to_zero | denormals_are_zero);
}
FlushDenormals::~FlushDenormals() { _mm_setcsr(static_cast<unsigned>(saved_)); }
#elif defined(__aarch64__)
FlushDenormals::FlushDenormals() {
  asm volatile("mrs %0, fpcr" : "=r"(saved_));
  constexpr std::uint64_t flush_to_zero = std::uint64_t{1} << 24;
  asm volatile("msr fpcr, %0" ::"r"(saved_ | flush_to_zero));
}
FlushDenormals::~FlushDenormals() { asm volatile("msr fpcr, %0" ::"r"(saved_)); }
#else
FlushDenormals::FlushDenormals() : saved_(0) {}
FlushDenormals::~FlushDenormals() = default;
#endif

}  // namespace gru::cpu
