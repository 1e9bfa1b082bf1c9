#pragma once

#include <cstddef>
#include <functional>
#include <utility>

#include "testing/forwarding_device.h"
#include "testing/test_device.h"

/// A device that interrupts calls between its operations.
namespace gru::testing {

/// Ends a call at one of the device's operations that are large or come last.
class Interruption {
 public:
  /// Runs `action` before the operation that follows `operations` others. If its status is not ok,
  /// the operation fails with it.
  void arm(std::size_t operations, std::function<Status()> action) {
    left_ = operations;
    action_ = std::move(action);
  }
  void disarm() { action_ = nullptr; }
  /// Whether the operation has not been reached since `arm`.
  bool is_armed() const { return action_ != nullptr; }

  Status before_operation() {
    if (!is_armed() || left_-- > 0) return {};
    return std::exchange(action_, nullptr)();
  }

 private:
  std::size_t left_ = 0;
  std::function<Status()> action_;
};

class InterruptedDevice final : public ForwardingDevice {
 public:
  explicit InterruptedDevice(Interruption& interruption)
      : ForwardingDevice(test_device()), interruption_(interruption) {}

  Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) override {
    GRU_RETURN_IF_ERROR(interruption_.before_operation());
    return ForwardingDevice::recurrent_forward(weights, call);
  }
  Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) override {
    GRU_RETURN_IF_ERROR(interruption_.before_operation());
    return ForwardingDevice::recurrent_backward(weights, call);
  }
  Status gemm(const Gemm& product) override {
    GRU_RETURN_IF_ERROR(interruption_.before_operation());
    return ForwardingDevice::gemm(product);
  }
  Status linear_forward(LinearWeights& weights, const LinearForward& call) override {
    GRU_RETURN_IF_ERROR(interruption_.before_operation());
    return ForwardingDevice::linear_forward(weights, call);
  }
  Status value_loss(const ValueLossCall& call) override {
    GRU_RETURN_IF_ERROR(interruption_.before_operation());
    return ForwardingDevice::value_loss(call);
  }
  Status gradient_norm(DeviceSpan<const float> gradients,
                       DeviceSpan<StepMetrics> metrics) override {
    GRU_RETURN_IF_ERROR(interruption_.before_operation());
    return ForwardingDevice::gradient_norm(gradients, metrics);
  }

 private:
  Interruption& interruption_;
};

}  // namespace gru::testing
