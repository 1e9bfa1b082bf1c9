#include "workers.h"

#include <condition_variable>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

namespace gru::emulator {
namespace {

class Worker {
 public:
  Worker() {
    std::thread([this] { serve(); }).detach();
  }

  void start(std::function<void()> task) {
    const std::lock_guard lock(mutex_);
    task_ = std::move(task);
    changed_.notify_all();
  }
  void finish() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return task_ == nullptr; });
  }

 private:
  [[noreturn]] void serve() {
    std::unique_lock lock(mutex_);
    for (;;) {
      changed_.wait(lock, [this] { return task_ != nullptr; });
      lock.unlock();
      task_();
      lock.lock();
      task_ = nullptr;
      changed_.notify_all();
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  std::function<void()> task_;
};

// Never destroyed: its threads sleep until the process ends.
struct Pool {
  std::mutex mutex;
  std::vector<Worker*> idle;
};

Pool& pool() {
  static Pool& pool = *new Pool;
  return pool;
}

Worker* take() {
  const std::lock_guard lock(pool().mutex);
  if (pool().idle.empty()) return new Worker;
  Worker* const worker = pool().idle.back();
  pool().idle.pop_back();
  return worker;
}

void give(Worker* worker) {
  const std::lock_guard lock(pool().mutex);
  pool().idle.push_back(worker);
}

}  // namespace

void run_together(unsigned count, const std::function<void(unsigned)>& body) {
  std::vector<Worker*> workers;
  for (unsigned i = 1; i < count; ++i) {
    workers.push_back(take());
    workers.back()->start([&body, i] { body(i); });
  }
  body(0);
  for (Worker* worker : workers) {
    worker->finish();
    give(worker);
  }
}

}  // namespace gru::emulator
