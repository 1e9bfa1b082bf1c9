#include "rates.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstring>
#include <latch>
#include <new>
#include <thread>
#include <vector>

#include "instruction_sets.h"

namespace gru::probe {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t slice_iterations = 10'000;
/// The number of bytes between two readings of the clock.
constexpr std::size_t slice_bytes = std::size_t{1} << 20U;
constexpr std::size_t block_bytes = 1024;
constexpr std::align_val_t alignment{4096};

/// Uses the results of the loops, so that the compiler keeps the loops.
std::atomic<std::uint64_t> sink;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// Runs slice(thread), which returns the units it did, on every thread until `seconds` are over.
/// Returns the sum of the threads' rates, in units a second.
template <class Slice>
double rate_of(unsigned threads, double seconds, const Slice& slice) {
  std::vector<double> rates(threads);
  std::latch start(threads);
  const auto work = [&](unsigned thread) {
    start.arrive_and_wait();
    const Clock::time_point began = Clock::now();
    double units = 0;
    double elapsed = 0;
    do {
      units += slice(thread);
      elapsed = seconds_since(began);
    } while (elapsed < seconds);
    rates[thread] = units / elapsed;
  };
  {
    std::vector<std::jthread> others;
    for (unsigned thread = 1; thread < threads; ++thread) others.emplace_back(work, thread);
    work(0);
  }
  double sum = 0;
  for (const double rate : rates) sum += rate;
  return sum;
}

double multiply_add_rate_of(const Kernels& kernels, unsigned threads, double seconds) {
  return rate_of(threads, seconds, [&](unsigned) {
    const float result = kernels.multiply_add(slice_iterations);
    sink.fetch_add(result > 0 ? 1 : 0, std::memory_order_relaxed);
    return static_cast<double>(slice_iterations * kernels.operations);
  });
}

}  // namespace

double multiply_add_rate(unsigned threads, double seconds) {
  const std::vector<const Kernels*> runnable = runnable_kernels();
  double best = 0;
  for (const Kernels* kernels : runnable) {
    const double share = seconds / static_cast<double>(runnable.size());
    best = std::max(best, multiply_add_rate_of(*kernels, threads, share));
  }
  return best;
}

ReadRate::ReadRate(unsigned threads, std::size_t bytes)
    : threads_(threads),
      part_bytes_(std::max(bytes / threads / block_bytes, std::size_t{1}) * block_bytes),
      memory_(static_cast<std::byte*>(::operator new(threads* part_bytes_, alignment))) {
  // Pages must be written: all unwritten pages would be the same page of zeros.
  std::memset(memory_, 1, threads * part_bytes_);
}

ReadRate::~ReadRate() { ::operator delete(memory_, alignment); }

double ReadRate::measure(double seconds) const {
  const Kernels& kernels = *runnable_kernels().front();
  const std::size_t passes = std::max(slice_bytes / part_bytes_, std::size_t{1});
  return rate_of(threads_, seconds, [&](unsigned thread) {
    std::uint64_t result = 0;
    for (std::size_t pass = 0; pass < passes; ++pass) {
      result ^= kernels.read(memory_ + thread * part_bytes_, part_bytes_);
    }
    sink.fetch_add(result, std::memory_order_relaxed);
    return static_cast<double>(passes * part_bytes_);
  });
}

}  // namespace gru::probe
