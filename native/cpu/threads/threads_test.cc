#include "cpu/threads/threads.h"

#include <atomic>
#include <chrono>
#include <thread>
#include <vector>

#include "cpu/cpu_device.h"
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
  GRU_CHECK(ran);
}

GRU_TEST(shares_cover_everything_once_and_evenly_in_whole_grains) {
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
      GRU_CHECK(share.begin == covered && share.end >= share.begin);
      GRU_CHECK(share.end % grain == 0 || share.end == count);
      covered = share.end;
      fewest = std::min(fewest, share.end - share.begin);
      most = std::max(most, share.end - share.begin);
    }
    GRU_CHECK(covered == count);
    GRU_CHECK(most - fewest < 2 * grain);
  }
}

GRU_TEST(parallel_runs_each_index_once) {
  for (unsigned wanted = 1; wanted <= 5; ++wanted) {
    GRU_CHECK_OK(set_threads(5));
    for (int round = 0; round < 200; ++round) {
      std::vector<std::atomic<int>> calls(5);
      std::atomic<unsigned> size{0};
      parallel(wanted, [&](unsigned index, Team& team) {
        size = team.size();
        if (index < 5) ++calls[index];
      });
      GRU_CHECK(size >= 1 && size <= wanted);
      for (unsigned index = 0; index < 5; ++index) {
        GRU_CHECK(calls[index] == (index < size ? 1 : 0));
      }
    }
    with_team_of(wanted, [](unsigned, Team&) {});
  }
}

GRU_TEST(what_the_threads_wrote_is_there_when_parallel_returns) {
  GRU_CHECK_OK(set_threads(3));
  std::vector<int> values(1000);
  for (int round = 1; round <= 200; ++round) {
    parallel(3, [&](unsigned index, Team& team) {
      const Range mine = share_of(values.size(), index, team.size());
      for (std::size_t i = mine.begin; i < mine.end; ++i) values[i] += round;
    });
    for (const int value : values) GRU_CHECK(value == round * (round + 1) / 2);
  }
}

GRU_TEST(the_number_of_threads_is_bounded_by_what_was_set) {
  GRU_CHECK_OK(set_threads(2));
  GRU_CHECK(threads() == 2);
  parallel(5, [](unsigned, Team& team) { GRU_CHECK(team.size() <= 2); });
  GRU_CHECK_REFUSED(set_threads(0), StatusCode::value, "threads: expected an integer from 1");
  GRU_CHECK_REFUSED(set_threads(1025), StatusCode::value, "got 1025");
  GRU_CHECK(threads() == 2);
}

/// Each thread writes plain memory before a barrier and reads the others' after it.
GRU_TEST(barriers_keep_a_team_in_step) {
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
    GRU_CHECK(out_of_step == 0);
    for (const int last : reached) GRU_CHECK(last == rounds);
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

GRU_TEST(a_team_is_contended_once_stragglers_hold_it_up_again) {
  for (const unsigned size : {2U, 3U}) {
    GRU_CHECK(!is_contended(size, 1));
    GRU_CHECK(is_contended(size, 6));
  }
}

GRU_TEST(stalls_cost_much_where_they_take_a_good_part_of_the_time) {
  using std::chrono::milliseconds;
  const Stalls stalls{2, milliseconds(10)};
  GRU_CHECK(stalls.cost_much(milliseconds(20)));
  GRU_CHECK(!stalls.cost_much(milliseconds(100)));
  GRU_CHECK(!Stalls{}.cost_much(milliseconds(0)));
  // However short the time, they are compared with the window, and a single stall does not count.
  GRU_CHECK(!stalls.came_again(milliseconds(12), milliseconds(50)));
  GRU_CHECK(stalls.came_again(milliseconds(12), milliseconds(30)));
  GRU_CHECK(!stalls.came_again(milliseconds(100), milliseconds(30)));
  GRU_CHECK(!(Stalls{1, milliseconds(10)}.came_again(milliseconds(12), milliseconds(30))));
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

GRU_TEST(callers_at_the_same_time_all_get_their_results) {
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
  GRU_CHECK(wrong == 0);
}

GRU_TEST(a_region_within_a_region_is_computed_by_its_caller_alone) {
  std::atomic<int> wrong{0};
  with_team_of(3, [&wrong](unsigned, Team&) {
    for (int round = 0; round < 50; ++round) {
      if (parallel_sum(3, 100) != 4950) ++wrong;
      parallel(3, [&wrong](unsigned, Team& inner) { wrong += inner.size() == 1 ? 0 : 1; });
    }
  });
  GRU_CHECK(wrong == 0);
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

GRU_TEST(denormals_are_flushed_within_regions_and_nowhere_else) {
  GRU_CHECK(keeps_denormals());
  for (const unsigned size : {1U, 3U}) {
    std::atomic<unsigned> flushing{0};
    with_team_of(size, [&](unsigned, Team& team) {
      flushing += flushes_denormals() ? 1 : 0;
      parallel(2, [](unsigned, Team&) {});
      team.barrier();
      flushing += flushes_denormals() ? 1 : 0;
    });
    GRU_CHECK(flushing == 2 * size);
    GRU_CHECK(keeps_denormals());
  }
}

GRU_TEST(the_callers_own_floating_point_mode_comes_back) {
  {
    const FlushDenormals outer;
    GRU_CHECK(flushes_denormals());
    {
      const FlushDenormals inner;
      GRU_CHECK(flushes_denormals());
    }
    parallel(2, [](unsigned, Team&) {});
    GRU_CHECK(flushes_denormals());
  }
  GRU_CHECK(keeps_denormals());
}

}  // namespace
}  // namespace gru::cpu

GRU_TEST_MAIN
