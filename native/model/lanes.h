#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "device/device.h"

namespace gru {

/// Working memory for calls on one model that run at the same time on different threads. Each call
/// borrows one Memory and the device to use with it. There are as many as there ever were calls at
/// the same time. If the device works for one thread at a time, there is only one.
template <class Memory>
class Lanes {
  struct Lane {
    explicit Lane(Device& used) : device(used) {}
    explicit Lane(std::unique_ptr<Device> sibling) : own(std::move(sibling)), device(*own) {}

    std::unique_ptr<Device> own;  // must outlive the memory
    Device& device;
    std::optional<Memory> memory{std::in_place};
    std::atomic_flag borrowed;
  };

 public:
  /// `device` must outlive the lanes. It is the first lane's.
  explicit Lanes(Device& device) : first_(device) {}

  /// A lane that no other call uses while the object lives.
  class Borrowed {
   public:
    Borrowed() = default;
    Borrowed(const Borrowed&) = delete;
    Borrowed& operator=(const Borrowed&) = delete;
    ~Borrowed() {
      if (lane_ != nullptr) lane_->borrowed.clear(std::memory_order_release);
    }
    Device& device() const { return lane_->device; }
    Memory& memory() const { return *lane_->memory; }

   private:
    friend class Lanes;
    Lane* lane_ = nullptr;
  };

  /// Fails with a memory status if there is no memory for another lane.
  Status borrow(Borrowed& borrowed) {
    if (!try_borrow(first_, borrowed)) return borrow_other(borrowed);
    return {};
  }

  /// Frees all working memory, and the scratch memory of the devices. The devices stay: sessions
  /// may have memory of theirs. No call may run meanwhile.
  void trim() noexcept {
    trim(first_);
    for (const std::unique_ptr<Lane>& lane : others_) trim(*lane);
  }

 private:
  static void trim(Lane& lane) noexcept {
    lane.memory.emplace();
    lane.device.release_scratch();
  }
  static bool try_borrow(Lane& lane, Borrowed& borrowed) {
    if (lane.borrowed.test_and_set(std::memory_order_acquire)) return false;
    borrowed.lane_ = &lane;
    return true;
  }
  Status borrow_other(Borrowed& borrowed) {
    const std::lock_guard lock(mutex_);
    for (const std::unique_ptr<Lane>& lane : others_) {
      if (try_borrow(*lane, borrowed)) return {};
    }
    std::unique_ptr<Device> sibling;
    GRU_RETURN_IF_ERROR(first_.device.create_sibling(sibling));
    if (!sibling) return Status::internal("two calls at the same time on a device for one");
    others_.push_back(std::make_unique<Lane>(std::move(sibling)));
    try_borrow(*others_.back(), borrowed);
    return {};
  }

  Lane first_;
  std::mutex mutex_;
  std::vector<std::unique_ptr<Lane>> others_;
};

}  // namespace gru
