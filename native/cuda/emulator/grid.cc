#include "grid.h"

#include <cxxabi.h>
#include <dlfcn.h>

#include <cstddef>
#include <cstdio>
#include <cstdlib>

#include "block.h"
#include "state.h"
#include "workers.h"

namespace gru::emulator {
namespace {

constexpr unsigned kRoundsStuck = 3;
// With fewer threads than this in all, a second OS thread is not worth it.
constexpr std::size_t kFewThreads = 256;

std::size_t ordered(const Grid& grid, std::size_t i) {
  const std::size_t n = grid.blocks();
  if (grid.order == ThreadOrder::forward) return i;
  if (grid.order == ThreadOrder::reverse) return n - 1 - i;
  const std::uint64_t random = grid.shuffle(n);
  const std::size_t turned = (i + random % n) % n;
  return (random >> 32 & 1) != 0 ? n - 1 - turned : turned;
}

unsigned workers_for(const Grid& grid) {
  if (grid.cooperative) return static_cast<unsigned>(grid.blocks());
#if !defined(__SANITIZE_THREAD__)
  if (grid.blocks() * grid.threads() <= kFewThreads) return 1;
#endif
  const unsigned workers = state().workers();
  return grid.blocks() < workers ? static_cast<unsigned>(grid.blocks()) : workers;
}

}  // namespace

std::string Grid::name() const {
  Dl_info info = {};
  dladdr(kernel, &info);
  if (info.dli_sname != nullptr) {
    char* const plain = abi::__cxa_demangle(info.dli_sname, nullptr, nullptr, nullptr);
    const std::string name = plain != nullptr ? plain : info.dli_sname;
    std::free(plain);
    return name;
  }
  // The symbol is not visible. addr2line finds it from this text.
  const std::ptrdiff_t offset =
      static_cast<const char*>(kernel) - static_cast<const char*>(info.dli_fbase);
  char text[1024];
  std::snprintf(text, sizeof text, "%s+0x%tx", info.dli_fname ? info.dli_fname : "", offset);
  return text;
}

std::uint64_t mix(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15u;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
  x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
  return x ^ (x >> 31);
}

std::uint64_t Grid::shuffle(std::size_t block) const {
  return mix(mix(mix(seed) + launch) + block);
}

bool Progress::stuck(std::uint64_t events, std::uint64_t& said) {
  const std::lock_guard lock(mutex_);
  if (events != since_) {
    since_ = events;
    round_ += 1;
    said_ = rounds_ = 0;
  }
  if (said == round_) return false;
  said = round_;
  if (++said_ < workers_) return false;
  round_ += 1;
  said_ = 0;
  return ++rounds_ == kRoundsStuck;
}

void run_grid(const Grid& grid) {
  const unsigned workers = workers_for(grid);
  Progress progress(workers);
  run_together(workers, [&](unsigned worker) {
    for (std::size_t i = worker; i < grid.blocks(); i += workers) {
      Block::of_thread().run(grid, progress, ordered(grid, i));
    }
    progress.end_worker();
  });
}

}  // namespace gru::emulator
