#include "binding/executor.h"

#include <algorithm>
#include <atomic>
#include <functional>
#include <iterator>
#include <memory>
#include <thread>
#include <vector>

#include "binding/testing/owner.h"
#include "testing/device_testing.h"

/// The executor's promises about jobs. What two jobs of a queue share is not protected, so
/// ThreadSanitizer reports jobs that run at the same time.
namespace gru::binding {
namespace {

using gru::testing::coin;
using gru::testing::Random;
using testing::Owner;

/// As many as JavaScript threads of one process: they share the executor, not their queues.
constexpr std::size_t owner_count = 4;

/// Of each queue.
constexpr std::size_t job_count = 300;

/// The most jobs of a queue at the same time.
unsigned limit() { return 3; }

/// Runs `work(random)` on several threads, each with random numbers of its own.
template <class Work>
void on_owner_threads(const Work& work) {
  Random seeds;
  std::vector<std::thread> threads;
  for (std::size_t i = 0; i < owner_count; ++i) {
    threads.emplace_back([&work, skipped = seeds.size(0, 1000)] {
      Random random;
      random.values(skipped);
      work(random);
    });
  }
  for (std::thread& thread : threads) thread.join();
}

/// A queue, and what its jobs share.
struct Line {
  std::shared_ptr<JobQueue> queue = std::make_shared<JobQueue>(limit);
  std::vector<std::size_t> ran;
};

bool ascends(const std::vector<std::size_t>& values) {
  return std::ranges::adjacent_find(values, std::greater_equal<>()) == values.end();
}

TEST_CASE("the exclusive jobs of a queue run one at a time and in their order") {
  on_owner_threads([](Random& random) {
    std::vector<Line> lines(3);
    Owner owner;
    for (std::size_t number = 0; number < job_count; ++number) {
      for (Line& line : lines) {
        owner.start(line.queue, JobAccess::exclusive(),
                    [&line, number](const AbortFlag&) { line.ran.push_back(number); });
      }
      if (random.size(0, 20) == 0) owner.settle();
    }
    owner.finish();
    for (const Line& line : lines) {
      CHECK(line.ran.size() == job_count);
      CHECK(ascends(line.ran));
      CHECK(line.queue->is_idle());
    }
  });
}

TEST_CASE("a job that was withdrawn never runs, and every other one runs once") {
  on_owner_threads([](Random& random) {
    Line line;
    std::vector<std::size_t> wanted;
    std::vector<std::size_t> perhaps;
    {
      Owner owner;
      for (std::size_t number = 0; number < 500; ++number) {
        const auto flag =
            owner.start(line.queue, JobAccess::exclusive(),
                        [&line, number](const AbortFlag&) { line.ran.push_back(number); });
        if (random.size(0, 2) > 0) {
          wanted.push_back(number);
        } else if (!owner.abort(*flag)) {
          perhaps.push_back(number);
        }
        if (coin(random)) owner.settle();
      }
      owner.finish();
    }
    CHECK(ascends(line.ran));
    CHECK(std::ranges::includes(line.ran, wanted));
    std::ranges::copy(perhaps, std::back_inserter(wanted));
    std::ranges::sort(wanted);
    CHECK(std::ranges::includes(wanted, line.ran));
  });
}

TEST_CASE("a released object is destroyed while no job of its queue runs") {
  // Counts its objects in memory that the jobs use too.
  struct Released {
    explicit Released(Line& owned) : line(owned) {}
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;
    ~Released() { line.ran.push_back(0); }
    Line& line;
  };
  on_owner_threads([](Random& random) {
    Line line;
    Owner owner;
    for (std::size_t round = 0; round < job_count; ++round) {
      auto object = std::make_shared<Released>(line);
      owner.start(line.queue, JobAccess::exclusive(),
                  [&line](const AbortFlag&) { line.ran.push_back(1); });
      line.queue->release(std::move(object));
      if (random.size(0, 3) == 0) owner.finish();
    }
    owner.finish();
    CHECK(line.ran.size() == 2 * job_count);
  });
}

TEST_CASE("released objects are destroyed one at a time and in their order, beside shared jobs") {
  struct Released {
    Released(std::vector<std::size_t>& list, std::size_t own) : destroyed(list), number(own) {}
    Released(const Released&) = delete;
    Released& operator=(const Released&) = delete;
    ~Released() {
      std::this_thread::yield();  // so that other threads get here too
      destroyed.push_back(number);
    }
    std::vector<std::size_t>& destroyed;
    std::size_t number;
  };
  on_owner_threads([](Random& random) {
    std::vector<std::size_t> destroyed;
    const auto queue = std::make_shared<JobQueue>(limit);
    Owner owner;
    for (std::size_t number = 0; number < job_count; ++number) {
      auto object = std::make_shared<Released>(destroyed, number);
      owner.start(queue, JobAccess::shared(), [](const AbortFlag&) {});
      queue->release(std::move(object));
      if (random.size(0, 20) == 0) owner.finish();
    }
    owner.finish();
    CHECK(destroyed.size() == job_count);
    CHECK(ascends(destroyed));
  });
}

TEST_CASE("after cancel no job of the owner runs, and the jobs of others go on") {
  on_owner_threads([](Random& random) {
    for (int round = 0; round < 20; ++round) {
      // The jobs of a cancelled owner use it, so a job that runs later uses freed memory.
      auto line = std::make_unique<Line>();
      Line kept;
      Owner other;
      {
        Owner owner;
        for (std::size_t number = 0; number < 30; ++number) {
          owner.start(line->queue, JobAccess::exclusive(),
                      [line = line.get(), number](const AbortFlag& abort) {
                        for (int turn = 0; turn < 100 && !abort.load(); ++turn)
                          std::this_thread::yield();
                        line->ran.push_back(number);
                      });
          other.start(kept.queue, JobAccess::exclusive(),
                      [&kept, number](const AbortFlag&) { kept.ran.push_back(number); });
        }
        for (std::size_t turn = random.size(0, 200); turn > 0; --turn) std::this_thread::yield();
      }
      CHECK(ascends(line->ran));
      CHECK(line->queue->is_idle());
      line.reset();
      other.finish();
      CHECK(kept.ran.size() == 30);
    }
  });
}

/// What shared and exclusive jobs of a queue use: parts that only one job at a time may use, and a
/// value that exclusive jobs change.
struct Shared {
  std::shared_ptr<JobQueue> queue = std::make_shared<JobQueue>(limit);
  std::vector<std::size_t> parts[4];  ///< the numbers of the jobs that used each
  std::size_t changes = 0;
  std::atomic<unsigned> running{0};
  std::atomic<unsigned> most{0};

  /// A job of some parts, which may run beside others.
  void start(Owner& owner, Random& random, std::size_t number) {
    std::vector<std::vector<std::size_t>*> chosen;
    for (auto& part : parts) {
      if (random.size(0, 3) == 0) chosen.push_back(&part);
    }
    owner.start(queue, JobAccess::shared({chosen.begin(), chosen.end()}),
                [this, chosen, number, changed = changes_before_](const AbortFlag&) {
                  const unsigned beside = ++running;
                  for (unsigned seen = most;
                       seen < beside && !most.compare_exchange_weak(seen, beside);) {
                  }
                  CHECK(changes == changed);
                  for (auto* const part : chosen) part->push_back(number);
                  std::this_thread::yield();
                  --running;
                });
  }
  /// A job that runs alone.
  void change(Owner& owner) {
    ++changes_before_;
    owner.start(queue, JobAccess::exclusive(), [this](const AbortFlag&) {
      CHECK(running == 0);
      ++changes;
    });
  }

 private:
  std::size_t changes_before_ = 0;
};

TEST_CASE(
    "shared jobs run beside each other, in the order of their parts, and never beside others") {
  on_owner_threads([](Random& random) {
    Shared shared;
    Owner owner;
    for (std::size_t number = 0; number < job_count; ++number) {
      if (random.size(0, 9) == 0) {
        shared.change(owner);
      } else {
        shared.start(owner, random, number);
      }
      if (random.size(0, 20) == 0) owner.settle();
    }
    owner.finish();
    for (const auto& part : shared.parts) CHECK(ascends(part));
    CHECK(shared.most <= limit());
  });
}

TEST_CASE("as many shared jobs as the limit run at the same time") {
  Owner owner;
  const auto queue = std::make_shared<JobQueue>(limit);
  std::atomic<unsigned> met{0};
  for (unsigned i = 0; i < limit(); ++i) {
    owner.start(queue, JobAccess::shared(), [&met](const AbortFlag&) {
      ++met;
      while (met < limit()) std::this_thread::yield();  // CTest's time ends if they never meet
    });
  }
  owner.finish();
  CHECK(met == limit());
}

}  // namespace
}  // namespace gru::binding
