#pragma once

#include <deque>
#include <memory>
#include <utility>
#include <vector>

#include "device/buffer.h"
#include "testing/device_testing.h"
#include "testing/forwarding_device.h"
#include "testing/test_device.h"

namespace gru::testing {

/// Copies of one operation's matrices on a device, with gaps between their rows. Marks are in the
/// gaps, and before and after the matrix. A mark is NaN, and no code may overwrite it.
class SpreadMatrices {
 public:
  SpreadMatrices(Device& device, Random& random) : device_(device), random_(random) {}

  DeviceMatrix<const float> operator()(DeviceMatrix<const float> dense) {
    return dense.empty() ? dense : spread(dense);
  }
  /// `finish` copies what was written there to `dense`.
  DeviceMatrix<float> operator()(DeviceMatrix<float> dense) {
    if (dense.empty()) return dense;
    const DeviceMatrix<float> copy = spread(dense);
    written_.push_back({dense, copy});
    return copy;
  }

  Status finish(Status status) {
    for (const auto& [dense, copy] : written_) GRU_RETURN_IF_ERROR(device_.copy(dense, copy));
    for (Copy& copy : copies_) {
      GRU_RETURN_IF_ERROR(device_.download(copy.host.memory(), copy.buffer.span()));
      CHECK(copy.host.guards_hold());
    }
    return status;
  }

 private:
  struct Copy {
    GuardedMatrix host;
    Buffer<float> buffer;
  };

  DeviceMatrix<float> spread(DeviceMatrix<const float> dense) {
    const std::size_t gap = random_.size(1, 5);
    Copy& copy = copies_.emplace_back(Copy{GuardedMatrix(dense.rows(), dense.columns(), gap), {}});
    const std::span<const float> marks = copy.host.memory();
    GRU_CHECK_OK(copy.buffer.reserve(device_, marks.size()));
    GRU_CHECK_OK(device_.upload(copy.buffer.span(), marks));
    const DeviceMatrix<float> view(copy.buffer.span().data() + GuardedMatrix::guard, dense.rows(),
                                   dense.columns(), copy.host.stride());
    GRU_CHECK_OK(device_.copy(view, dense));
    return view;
  }

  Device& device_;
  Random& random_;
  std::deque<Copy> copies_;
  std::vector<std::pair<DeviceMatrix<float>, DeviceMatrix<float>>> written_;
};

/// Runs layers on matrices with strides, whatever strides the engine uses.
class StridedDevice final : public ForwardingDevice {
 public:
  using ForwardingDevice::ForwardingDevice;

  Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) override {
    SpreadMatrices spread(device(), random_);
    RecurrentForward strided = call;
    strided.input = spread(call.input);
    strided.output = spread(call.output);
    return spread.finish(device().recurrent_forward(weights, strided));
  }
  Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) override {
    SpreadMatrices spread(device(), random_);
    RecurrentBackward strided = call;
    strided.input = spread(call.input);
    strided.output = spread(call.output);
    strided.d_output = spread(call.d_output);
    strided.d_input = spread(call.d_input);
    return spread.finish(device().recurrent_backward(weights, strided));
  }
  Status linear_forward(LinearWeights& weights, const LinearForward& call) override {
    SpreadMatrices spread(device(), random_);
    return spread.finish(
        device().linear_forward(weights, {spread(call.input), call.bias, spread(call.output)}));
  }

 private:
  Random random_;
};

inline std::unique_ptr<Device> strided_device() {
  return std::make_unique<StridedDevice>(test_device());
}

}  // namespace gru::testing
