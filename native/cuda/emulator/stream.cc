#include "stream.h"

#include <condition_variable>

#include "state.h"

namespace gru::emulator {
namespace {

// One mutex for all streams, since they wait for each other. Work itself runs without it.
std::mutex mutex;
std::condition_variable changed;

}  // namespace

std::uint64_t Stream::queued() const {
  const std::lock_guard lock(mutex);
  return queued_;
}

std::uint64_t Stream::pending() const {
  const std::lock_guard lock(mutex);
  return queued_ - done_;
}

bool Stream::has_releases() const {
  const std::lock_guard lock(mutex);
  return releases_ > 0;
}

bool Stream::done(std::uint64_t number) const {
  const std::lock_guard lock(mutex);
  return done_ >= number;
}

std::uint64_t Stream::enqueue(std::function<void()> work) {
  const std::lock_guard lock(mutex);
  operations_.push_back({std::move(work), nullptr, {}});
  return ++queued_;
}

std::uint64_t Stream::enqueue_release(std::function<void()> release) {
  const std::lock_guard lock(mutex);
  operations_.push_back({nullptr, std::move(release), {}});
  ++releases_;
  return ++queued_;
}

void Stream::enqueue_wait(Ticket awaited) {
  const std::lock_guard lock(mutex);
  operations_.push_back({nullptr, nullptr, std::move(awaited)});
  ++queued_;
}

void Stream::run_until(std::uint64_t number) {
  if (done(number)) return;
  const OpenMemory open(device_.memory());
  std::unique_lock lock(mutex);
  while (done_ < number) {
    if (running_) {
      changed.wait(lock);
    } else {
      run_front(lock);
    }
  }
}

void Stream::run_one() {
  const OpenMemory open(device_.memory());
  std::unique_lock lock(mutex);
  if (!running_ && !operations_.empty()) run_front(lock);
}

void Stream::run_front(std::unique_lock<std::mutex>& lock) {
  const Ticket awaited = operations_.front().awaited;
  if (awaited.stream != nullptr && awaited.stream->done_ < awaited.number) {
    lock.unlock();
    awaited.stream->run_until(awaited.number);
    lock.lock();
    return;
  }
  const Operation operation = std::move(operations_.front());
  operations_.pop_front();
  running_ = true;
  lock.unlock();
  if (operation.work != nullptr && device_.lost() == cudaSuccess) operation.work();
  if (operation.release != nullptr) operation.release();
  lock.lock();
  if (operation.release != nullptr) --releases_;
  running_ = false;
  ++done_;
  changed.notify_all();
}

}  // namespace gru::emulator
