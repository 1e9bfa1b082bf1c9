#pragma once

#include <array>

#include "cpu/held_bytes.h"
#include "cpu/prepared.h"
#include "cpu/products/product.h"
#include "cpu/recurrence/cell.h"

namespace gru::cpu {

/// The weights of one direction in the order in which kernels read them. Each form is packed when
/// it is first needed after a load. Several threads may compute forward passes with
/// them at the same time.
class CpuRecurrentWeights final : public RecurrentWeights {
 public:
  /// `held` counts the bytes of the packed weights too.
  CpuRecurrentWeights(const RecurrentShape& shape, HeldBytes& held);
  CpuRecurrentWeights(const CpuRecurrentWeights&) = delete;
  CpuRecurrentWeights& operator=(const CpuRecurrentWeights&) = delete;
  ~CpuRecurrentWeights() override { recount(held_, counted_, 0); }

  const RecurrentShape& shape() const { return shape_; }
  const CellPlan& plan() const { return plan_; }
  void load(const RecurrentTensors<const float>& from) {
    tensors_ = from;
    forward_.invalidate();
    backward_.invalidate();
  }
  Status prepare_forward() {
    return forward_.ensure([this] { return pack_forward(); });
  }
  Status prepare_backward() {
    return backward_.ensure([this] { return pack_backward(); });
  }

  /// 1 or -1, see ForwardStep::update_sign. For a GRU only.
  float update_sign() const { return shape_.variant.update == UpdateGate::retain ? 1.0F : -1.0F; }

  // Forward.
  const PackedMatrix& input() const { return input_; }            ///< W^T [I, G]
  const float* input_bias() const { return input_bias_.data(); }  ///< all that is added to W x
  /// A part of U (CellPlan::parts), packed by gates.
  const float* part(std::size_t number) const { return parts_[number].data(); }
  /// The recurrent bias of CellPlan::bias_apart, padded to whole vectors.
  const float* bias_apart() const { return bias_apart_.data(); }

  // Backward.
  const PackedMatrix& d_input() const { return d_input_; }  ///< W [G, I]
  /// A part of U as the right factor of the gates' gradients: [gates * H, H].
  const PackedMatrix& d_part(std::size_t number) const { return d_parts_[number]; }

 private:
  Status pack_forward();
  Status pack_backward();
  /// Allocate the packed weights' memory.
  Status reserve_forward();
  Status reserve_backward();
  Status fold_biases();
  /// Counts the memory in use now.
  void count();
  std::size_t gates() const { return shape_.spec().gates * shape_.hidden_size; }
  std::size_t depth_of(const Range& part) const {
    return (part.end - part.begin) * shape_.hidden_size;
  }
  const float* rows_of(const Range& part) const {
    return tensors_.weight_hh.data() + part.begin * shape_.hidden_size * shape_.hidden_size;
  }
  PackSource weight_ih() const {
    return {tensors_.weight_ih.data(), shape_.input_size, gates(), shape_.input_size};
  }
  /// The work of packing all weights, in floats.
  double pack_work() const {
    return static_cast<double>(gates()) *
           static_cast<double>(shape_.input_size + shape_.hidden_size);
  }

  RecurrentShape shape_;
  const CellPlan& plan_;
  HeldBytes& held_;
  std::size_t counted_ = 0;
  RecurrentTensors<const float> tensors_;
  Prepared forward_;
  Prepared backward_;
  PackedMatrix input_;
  AlignedBuffer input_bias_;
  AlignedBuffer bias_apart_;
  std::array<AlignedBuffer, max_parts> parts_;
  PackedMatrix d_input_;
  std::array<PackedMatrix, max_parts> d_parts_;
};

}  // namespace gru::cpu
