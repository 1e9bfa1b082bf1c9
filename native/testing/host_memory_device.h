#pragma once

#include <memory>
#include <span>
#include <type_traits>
#include <utility>
#include <vector>

#include "device/buffer.h"
#include "testing/forwarding_device.h"
#include "testing/random_cases.h"

namespace gru::testing {

/// Copies one operation's operands from the host's memory to a device's memory and back.
class Moves {
 public:
  explicit Moves(Device& device) : device_(device) {}

  /// Makes a copy of the host's span on the device. `finish` copies a mutable one back, including
  /// the gaps between a matrix's rows.
  template <class T>
  DeviceSpan<T> operator()(DeviceSpan<T> host) {
    if (host.empty()) return {};
    // Floats and integers are four bytes each, and a StepMetrics is four floats long.
    using Value = std::conditional_t<std::is_same_v<std::remove_const_t<T>, std::int32_t>,
                                     std::int32_t, float>;
    auto* values = reinterpret_cast<Value*>(const_cast<std::remove_const_t<T>*>(host.data()));
    const std::size_t count = host.size() * sizeof(T) / sizeof(Value);
    Buffer<float>& buffer = buffers_.emplace_back();
    GRU_CHECK_OK(buffer.reserve(device_, count));
    const DeviceSpan<Value> copy(reinterpret_cast<Value*>(buffer.span().data()), count);
    GRU_CHECK_OK(device_.upload(copy, std::span<const Value>(values, count)));
    if constexpr (std::is_same_v<Value, float> && !std::is_const_v<T>) {
      back_.push_back({{values, count}, buffer.span()});
    }
    return {reinterpret_cast<T*>(buffer.span().data()), host.size()};
  }

  template <class T>
  DeviceMatrix<T> operator()(DeviceMatrix<T> host) {
    if (host.empty()) return {};
    const std::size_t extent = (host.rows() - 1) * host.stride() + host.columns();
    const DeviceSpan<T> copy = (*this)(DeviceSpan<T>(host.data(), extent));
    return {copy.data(), host.rows(), host.columns(), host.stride()};
  }

  Status finish(Status status) {
    for (const auto& [host, copy] : back_) {
      GRU_RETURN_IF_ERROR(device_.download(host, DeviceSpan<const float>(copy)));
    }
    return status;
  }

 private:
  Device& device_;
  std::vector<Buffer<float>> buffers_;
  std::vector<std::pair<std::span<float>, DeviceSpan<float>>> back_;
};

/// A weight on the device whose values came from the host's memory.
struct MovedWeights final : LinearWeights {
  std::unique_ptr<Moves> moves;
  std::unique_ptr<LinearWeights> own;
};

/// Wraps a device with its own memory, so that operands may be in the host's memory.
class HostMemoryDevice final : public ForwardingDevice {
 public:
  using ForwardingDevice::ForwardingDevice;

  bool shares_host_memory() const noexcept override { return true; }

  Status fill(DeviceMatrix<float> to, float value) override {
    Moves moves(device());
    return moves.finish(device().fill(moves(to), value));
  }
  Status copy(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    Moves moves(device());
    return moves.finish(device().copy(moves(to), moves(from)));
  }
  Status add(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    Moves moves(device());
    return moves.finish(device().add(moves(to), moves(from)));
  }
  Status gather_rows(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                     DeviceSpan<const std::int32_t> index) override {
    Moves moves(device());
    return moves.finish(device().gather_rows(moves(to), moves(from), moves(index)));
  }
  Status gather_rows(DeviceSpan<std::int32_t> to, DeviceSpan<const std::int32_t> from,
                     DeviceSpan<const std::int32_t> index) override {
    Moves moves(device());
    // Devices copy integers only from the host, so these are copied back as floats of the same
    // bits.
    const DeviceSpan<float> bits(reinterpret_cast<float*>(to.data()), to.size());
    const DeviceSpan<float> copy = moves(bits);
    return moves.finish(device().gather_rows(
        DeviceSpan<std::int32_t>(reinterpret_cast<std::int32_t*>(copy.data()), copy.size()),
        moves(from), moves(index)));
  }
  Status gemm(const Gemm& product) override {
    Moves moves(device());
    Gemm moved = product;
    moved.a = moves(product.a);
    moved.b = moves(product.b);
    moved.c = moves(product.c);
    moved.bias = moves(product.bias);
    return moves.finish(device().gemm(moved));
  }
  Status create_linear_weights(std::unique_ptr<LinearWeights>& weights) override {
    auto made = std::make_unique<MovedWeights>();
    GRU_RETURN_IF_ERROR(device().create_linear_weights(made->own));
    weights = std::move(made);
    return {};
  }
  Status load_linear_weights(LinearWeights& weights, DeviceMatrix<const float> from) override {
    auto& moved = static_cast<MovedWeights&>(weights);
    moved.moves = std::make_unique<Moves>(device());
    return device().load_linear_weights(*moved.own, (*moved.moves)(from));
  }
  Status linear_forward(LinearWeights& weights, const LinearForward& call) override {
    Moves moves(device());
    return moves.finish(
        device().linear_forward(*static_cast<MovedWeights&>(weights).own,
                                {moves(call.input), moves(call.bias), moves(call.output)}));
  }
  Status column_sums(DeviceSpan<float> to, DeviceMatrix<const float> from) override {
    Moves moves(device());
    return moves.finish(device().column_sums(moves(to), moves(from)));
  }
  Status embedding_backward(DeviceMatrix<float> table_gradient,
                            DeviceSpan<const std::int32_t> tokens,
                            DeviceMatrix<const float> d_output) override {
    Moves moves(device());
    return moves.finish(
        device().embedding_backward(moves(table_gradient), moves(tokens), moves(d_output)));
  }
  /// Works in place if both of the host's matrices are the same.
  Status dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from, const DropoutMask& mask,
                 DeviceSpan<const std::int32_t> number) override {
    Moves moves(device());
    const DeviceMatrix<float> target = moves(to);
    const DeviceMatrix<const float> source =
        from.data() == to.data() ? DeviceMatrix<const float>(target) : moves(from);
    return moves.finish(device().dropout(target, source, mask, moves(number)));
  }
  Status cross_entropy(const CrossEntropyCall& call) override {
    Moves moves(device());
    CrossEntropyCall moved = call;
    move_loss(moves, moved);
    moved.targets = moves(call.targets);
    moved.class_weights = moves(call.class_weights);
    return moves.finish(device().cross_entropy(moved));
  }
  Status value_loss(const ValueLossCall& call) override {
    Moves moves(device());
    ValueLossCall moved = call;
    move_loss(moves, moved);
    moved.targets = moves(call.targets);
    moved.quantiles = moves(call.quantiles);
    moved.positive_weights = moves(call.positive_weights);
    return moves.finish(device().value_loss(moved));
  }
  Status ctc(const CtcCall& call) override {
    Moves moves(device());
    CtcCall moved = call;
    move_loss(moves, moved);
    moved.first = moves(call.first);
    moved.lengths = moves(call.lengths);
    moved.states = moves(call.states);
    moved.symbols = moves(call.symbols);
    moved.by_symbol = moves(call.by_symbol);
    moved.lattice = moves(call.lattice);
    return moves.finish(device().ctc(moved));
  }
  Status gradient_norm(DeviceSpan<const float> gradients,
                       DeviceSpan<StepMetrics> metrics) override {
    Moves moves(device());
    return moves.finish(device().gradient_norm(moves(gradients), moves(metrics)));
  }
  Status clip_norm(DeviceSpan<float> gradients, DeviceSpan<const StepMetrics> metrics,
                   double limit) override {
    Moves moves(device());
    return moves.finish(device().clip_norm(moves(gradients), moves(metrics), limit));
  }
  Status clip_value(DeviceSpan<float> gradients, double limit) override {
    Moves moves(device());
    return moves.finish(device().clip_value(moves(gradients), limit));
  }
  Status optimizer_update(const OptimizerUpdate& update) override {
    Moves moves(device());
    OptimizerUpdate moved = update;
    moved.parameters = moves(update.parameters);
    moved.gradients = moves(update.gradients);
    moved.first_moment = moves(update.first_moment);
    moved.second_moment = moves(update.second_moment);
    return moves.finish(device().optimizer_update(moved));
  }
  Status lerp(DeviceSpan<float> to, DeviceSpan<const float> from, double weight) override {
    Moves moves(device());
    return moves.finish(device().lerp(moves(to), moves(from), weight));
  }

 private:
  /// Works in place if both of the host's matrices are the same.
  static void move_loss(Moves& moves, LossCall& call) {
    const bool in_place = call.output.data() == call.d_output.data();
    call.d_output = moves(call.d_output);
    call.output = in_place ? DeviceMatrix<const float>(call.d_output) : moves(call.output);
    call.metrics = moves(call.metrics);
  }
};

/// Makes a device for operands in the host's memory.
inline std::unique_ptr<Device> on_host_memory(std::unique_ptr<Device> device) {
  if (device->shares_host_memory()) return device;
  return std::make_unique<HostMemoryDevice>(std::move(device));
}

}  // namespace gru::testing
