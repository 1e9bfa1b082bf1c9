#pragma once

#include "cuda/context.h"

namespace gru::cuda {

/// The weights of one direction of one layer: the model's parameters, and what the device computes
/// from them.
class CudaRecurrentWeights final : public RecurrentWeights {
 public:
  CudaRecurrentWeights(const RecurrentShape& shape, const Tiers& tiers, int ordinal)
      : shape_(shape), tiers_(tiers), ordinal_(ordinal) {}
  ~CudaRecurrentWeights() override;

  Status load(const RecurrentTensors<const float>& from, const Queue& queue);

  const RecurrentShape& shape() const { return shape_; }
  const Tiers& tiers() const { return tiers_; }
  CellKind cell() const { return shape_.cell; }
  CellSpec spec() const { return shape_.spec(); }
  std::size_t hidden() const { return shape_.hidden_size; }
  ResetGate reset() const { return shape_.variant.reset; }
  /// See kernels/cell.h.
  float update_sign() const { return shape_.variant.update == UpdateGate::replace ? -1.0F : 1.0F; }

  DeviceMatrix<const float> weight_ih() const { return {tensors_.weight_ih, shape_.input_size}; }
  /// The rows of gates first..end of U.
  DeviceMatrix<const float> weight_hh(std::size_t first, std::size_t end) const {
    return DeviceMatrix<const float>(tensors_.weight_hh, hidden())
        .row_range(first * hidden(), (end - first) * hidden());
  }
  /// What is added to W x. For a GRU: [3H], as pack_biases computes it. For an LSTM: [4H], the sums
  /// of both biases.
  DeviceSpan<const float> input_biases() const { return {biases_.data(), spec().gates * hidden()}; }
  /// For a GRU only.
  const float* bias_hn() const { return biases_.data() + reserve_q * hidden(); }

 private:
  Status add_biases(const Queue& queue);

  RecurrentShape shape_;
  Tiers tiers_;
  int ordinal_;
  RecurrentTensors<const float> tensors_;
  Scratch<float> biases_;
};

}  // namespace gru::cuda
