#include "cpu/threads/threads.h"

#if defined(__linux__)
#include <unistd.h>
#endif

#include <atomic>
#include <chrono>
#include <thread>
#include <utility>
#include <vector>

#include "cpu/cpu_device.h"
#include "cpu/threads/cores.h"
#include "testing/random_cases.h"

namespace gru::cpu {
namespace {

using testing::Random;

/// Repeats body(index, team) until a team of exactly `size` has run it. The team is smaller while
/// the pool is in use or rests; its threads then do nothing.
template <class Body>
void with_team_of(unsigned size, const Body& body) {
  GRU_CHECK_OK(set_threads(size));
  std::atomic<bool> ran{false};
  for (int attempt = 0; attempt < 200 && !ran; ++attempt) {
    parallel(size, [&](unsigned index, Team& team) {
      if (team.size() != size) return;
      ran = true;
      body(index, team);
    });
    if (!ran) std::this_thread::sleep_for(std::chrono::milliseconds(50));
  }
  CHECK(ran);
}

TEST_CASE("shares cover everything once and evenly in whole grains") {
  Random random;
  for (int round = 0; round < 1000; ++round) {
    const std::size_t count = random.size(0, 300);
    const auto parts = static_cast<unsigned>(random.size(1, 9));
    const std::size_t grain = random.size(1, 17);
    std::size_t covered = 0;
    std::size_t fewest = count;
    std::size_t most = 0;
    for (unsigned index = 0; index < parts; ++index) {
      const Range share = share_of(count, index, parts, grain);
      CHECK(share.begin == covered);
      CHECK(share.end >= share.begin);
      CHECK((share.end % grain == 0 || share.end == count));
      covered = share.end;
      fewest = std::min(fewest, share.end - share.begin);
      most = std::max(most, share.end - share.begin);
    }
    CHECK(covered == count);
    CHECK(most - fewest < 2 * grain);
  }
}

TEST_CASE("parallel runs each index once") {
  for (unsigned wanted = 1; wanted <= 5; ++wanted) {
    GRU_CHECK_OK(set_threads(5));
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> calls(5);
      std::atomic<unsigned> size{0};
      parallel(wanted, [&](unsigned index, Team& team) {
        size = team.size();
        if (index < 5) ++calls[index];
      });
      CHECK(size >= 1);
      CHECK(size <= wanted);
      for (unsigned index = 0; index < 5; ++index) {
        CHECK(calls[index] == (index < size ? 1 : 0));
      }
    }
    with_team_of(wanted, [](unsigned, Team&) {});
  }
}

TEST_CASE("what the threads wrote is there when parallel returns") {
  GRU_CHECK_OK(set_threads(3));
  std::vector<int> values(1000);
  for (int round = 1; round <= 200; ++round) {
    parallel(3, [&](unsigned index, Team& team) {
      const Range mine = share_of(values.size(), index, team.size());
      for (std::size_t i = mine.begin; i < mine.end; ++i) values[i] += round;
    });
    for (const int value : values) CHECK(value == round * (round + 1) / 2);
  }
}

TEST_CASE("the number of threads is bounded by what was set") {
  GRU_CHECK_OK(set_threads(2));
  CHECK(threads() == 2);
  parallel(5, [](unsigned, Team& team) { CHECK(team.size() <= 2); });
  GRU_CHECK_REFUSED(set_threads(0), StatusCode::value, "threads: expected an integer from 1");
  GRU_CHECK_REFUSED(set_threads(1025), StatusCode::value, "got 1025");
  CHECK(threads() == 2);
}

/// Each thread writes plain memory before a barrier and reads the others' after it.
TEST_CASE("barriers keep a team in step") {
  for (unsigned size = 2; size <= 5; ++size) {
    const int rounds = size == 2 ? 5000 : 1000;
    std::vector<int> reached(size);
    std::atomic<int> out_of_step{0};
    with_team_of(size, [&](unsigned index, Team& team) {
      for (int round = 1; round <= rounds; ++round) {
        reached[index] = round;
        team.barrier();
        for (const int other : reached) out_of_step += other == round ? 0 : 1;
        team.barrier();
      }
    });
    CHECK(out_of_step == 0);
    for (const int last : reached) CHECK(last == rounds);
  }
}

/// Whether a team is ever contended if its last member comes late to each of `late` barriers.
bool is_contended(unsigned size, int late) {
  std::atomic<bool> contended{false};
  with_team_of(size, [&](unsigned index, Team& team) {
    for (int round = 0; round < late; ++round) {
      if (index + 1 == size) std::this_thread::sleep_for(std::chrono::milliseconds(5));
      team.barrier();
      if (index == 0 && team.contended()) contended = true;
    }
  });
  return contended;
}

TEST_CASE("a team is contended once stragglers hold it up again") {
  for (const unsigned size : {2U, 3U}) {
    CHECK(!is_contended(size, 1));
    CHECK(is_contended(size, 6));
  }
}

TEST_CASE("stalls cost much where they take a good part of the time") {
  using std::chrono::milliseconds;
  const Stalls stalls{2, milliseconds(10)};
  CHECK(stalls.cost_much(milliseconds(20)));
  CHECK(!stalls.cost_much(milliseconds(100)));
  CHECK(!Stalls{}.cost_much(milliseconds(0)));
  // However short the time, they are compared with the window, and a single stall does not count.
  CHECK(!stalls.came_again(milliseconds(12), milliseconds(50)));
  CHECK(stalls.came_again(milliseconds(12), milliseconds(30)));
  CHECK(!stalls.came_again(milliseconds(100), milliseconds(30)));
  CHECK(!(Stalls{1, milliseconds(10)}.came_again(milliseconds(12), milliseconds(30))));
}

/// The sum of 0..count-1, by a team with a barrier.
std::size_t parallel_sum(unsigned wanted, std::size_t count) {
  std::vector<std::size_t> sums(wanted);
  std::size_t total = 0;
  parallel(wanted, [&](unsigned index, Team& team) {
    const Range mine = share_of(count, index, team.size());
    for (std::size_t i = mine.begin; i < mine.end; ++i) sums[index] += i;
    team.barrier();
    if (index != 0) return;
    for (unsigned i = 0; i < team.size(); ++i) total += sums[i];
  });
  return total;
}

TEST_CASE("callers at the same time all get their results") {
  GRU_CHECK_OK(set_threads(3));
  std::atomic<int> wrong{0};
  const auto call = [&wrong] {
    for (std::size_t round = 0; round < 300; ++round) {
      const std::size_t count = 1000 + round;
      if (parallel_sum(3, count) != count * (count - 1) / 2) ++wrong;
    }
  };
  std::thread first(call);
  std::thread second(call);
  call();
  first.join();
  second.join();
  CHECK(wrong == 0);
}

#if defined(__linux__)
TEST_CASE("the system tells which threads run, and how many cores are idle") {
  CHECK(is_running(current_thread()));
  std::atomic<ThreadId> id{0};
  std::atomic<bool> ends{false};
  std::thread sleeper([&] {
    id = current_thread();
    id.notify_one();
    ends.wait(false);
  });
  id.wait(0);
  for (int attempt = 0; attempt < 2000 && is_running(id); ++attempt) {
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  CHECK_FALSE(is_running(id));
  ends = true;
  ends.notify_one();
  sleeper.join();
  const std::optional<long> idle = idle_cores();
  REQUIRE(idle);
  CHECK(*idle < sysconf(_SC_NPROCESSORS_ONLN));  // this thread runs
}
#endif

/// The sizes of the teams of two threads that compute regions at the same time.
std::pair<unsigned, unsigned> sizes_of_two(unsigned wanted) {
  std::atomic<unsigned> inside{0};
  std::atomic<unsigned> sizes[2]{0, 0};
  const auto region = [&](std::atomic<unsigned>& size) {
    const ComputingThread computing;
    ++inside;
    while (inside < 2) std::this_thread::yield();
    parallel(wanted, [&](unsigned index, Team& team) {
      if (index != 0) return;
      size = team.size();
      ++inside;
      // Until the other one has its team too.
      while (inside < 4) std::this_thread::yield();
    });
  };
  std::thread other([&] { region(sizes[1]); });
  region(sizes[0]);
  other.join();
  return {sizes[0], sizes[1]};
}

TEST_CASE("threads that compute at the same time divide the threads among them") {
  const auto expect_sizes = [](unsigned count, unsigned each) {
    GRU_CHECK_OK(set_threads(count));
    std::pair<unsigned, unsigned> sizes{0, 0};
    const std::pair<unsigned, unsigned> expected{each, each};
    // The pool may still rest.
    for (int attempt = 0; attempt < 200 && sizes != expected; ++attempt) {
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
      sizes = sizes_of_two(count);
      CHECK(sizes.first <= each);
      CHECK(sizes.second <= each);
    }
    CHECK(sizes == expected);
  };
  expect_sizes(2, 1);
  expect_sizes(4, 2);
  expect_sizes(7, 3);
}

TEST_CASE("a region within a region is computed by its caller alone") {
  std::atomic<int> wrong{0};
  with_team_of(3, [&wrong](unsigned, Team&) {
    for (int round = 0; round < 50; ++round) {
      if (parallel_sum(3, 100) != 4950) ++wrong;
      parallel(3, [&wrong](unsigned, Team& inner) { wrong += inner.size() == 1 ? 0 : 1; });
    }
  });
  CHECK(wrong == 0);
}

/// Whether a multiplication of floats keeps denormals in the thread's current mode. It is computed
/// at run time.
bool keeps_float_denormals() {
  volatile float denormal = 1e-40F;
  volatile float one = 1;
  return denormal * one != 0;
}
bool keeps_double_denormals() {
  volatile double denormal = 1e-310;
  volatile double one = 1;
  return denormal * one != 0;
}
bool keeps_denormals() { return keeps_float_denormals() && keeps_double_denormals(); }
bool flushes_denormals() { return !keeps_float_denormals() && !keeps_double_denormals(); }

TEST_CASE("denormals are flushed within regions and nowhere else") {
  CHECK(keeps_denormals());
  for (const unsigned size : {1U, 3U}) {
    std::atomic<unsigned> flushing{0};
    with_team_of(size, [&](unsigned, Team& team) {
      flushing += flushes_denormals() ? 1 : 0;
      parallel(2, [](unsigned, Team&) {});
      team.barrier();
      flushing += flushes_denormals() ? 1 : 0;
    });
    CHECK(flushing == 2 * size);
    CHECK(keeps_denormals());
  }
}

TEST_CASE("the caller's own floating-point mode comes back") {
  {
    const FlushDenormals outer;
    CHECK(flushes_denormals());
    {
      const FlushDenormals inner;
      CHECK(flushes_denormals());
    }
    parallel(2, [](unsigned, Team&) {});
    CHECK(flushes_denormals());
  }
  CHECK(keeps_denormals());
}

}  // namespace
}  // namespace gru::cpu
