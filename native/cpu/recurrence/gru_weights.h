#pragma once

#include "cpu/products/product.h"
#include "device/device.h"

namespace gru::cpu {

/// A direction's weights as the kernels read them. Each form is packed when first needed after a
/// load.
class CpuRecurrentWeights final : public RecurrentWeights {
 public:
  /// `held` is its device's count of bytes in use, to which `count` adds those of the weights.
  CpuRecurrentWeights(const RecurrentShape& shape, std::size_t& held)
      : shape_(shape), held_(held) {}
  CpuRecurrentWeights(const CpuRecurrentWeights&) = delete;
  CpuRecurrentWeights& operator=(const CpuRecurrentWeights&) = delete;
  ~CpuRecurrentWeights() override { held_ -= counted_; }

  const RecurrentShape& shape() const { return shape_; }
  void load(const RecurrentTensors<const float>& from) {
    tensors_ = from;
    forward_ready_ = false;
    backward_ready_ = false;
  }
  Status prepare_forward();
  Status prepare_backward();
  /// Counts what it holds by now: after whatever packed it, or failed to.
  void count();

  bool reset_after() const { return shape_.variant.reset == ResetGate::after; }
  float update_sign() const { return shape_.variant.update == UpdateGate::retain ? 1.0F : -1.0F; }

  // Forward.
  const PackedMatrix& input() const { return input_; }            ///< W^T [I, 3H]
  const float* input_bias() const { return input_bias_.data(); }  ///< all that adds to W x: [3H]
  const float* gates() const { return gates_.data(); }  ///< U, or U_r and U_z (reset before)
  const float* candidate() const { return candidate_.data(); }            ///< U_n (reset before)
  const float* candidate_bias() const { return candidate_bias_.data(); }  ///< b_hn (reset after)

  // Backward.
  const PackedMatrix& d_input() const { return d_input_; }  ///< W [3H, I]
  /// U [3H, H] (reset after), or U_r and U_z [2H, H] (reset before).
  const PackedMatrix& d_state() const { return d_state_; }
  const PackedMatrix& d_reset_state() const {
    return d_reset_state_;
  }  ///< U_n [H, H], reset before

 private:
  Status fold_biases();

  RecurrentShape shape_;
  std::size_t& held_;
  std::size_t counted_ = 0;
  RecurrentTensors<const float> tensors_;
  bool forward_ready_ = false;
  bool backward_ready_ = false;
  PackedMatrix input_;
  AlignedBuffer input_bias_;
  AlignedBuffer gates_;
  AlignedBuffer candidate_;
  AlignedBuffer candidate_bias_;
  PackedMatrix d_input_;
  PackedMatrix d_state_;
  PackedMatrix d_reset_state_;
};

}  // namespace gru::cpu
