#include "cpu/recurrence/gru_weights.h"

#include <algorithm>

namespace gru::cpu {

namespace {

float value_at(DeviceSpan<const float> bias, std::size_t i) {
  return bias.empty() ? 0.0F : bias.data()[i];
}

}  // namespace

// All biases but b_hn (reset after) only ever add to W x, so they join its product.
Status CpuRecurrentWeights::fold_biases() {
  const std::size_t hidden = shape_.hidden_size;
  const std::size_t gates = gate_count * hidden;
  const std::size_t padded = vectors_of(hidden) * kernels().lanes;
  GRU_RETURN_IF_ERROR(input_bias_.reserve(gates));
  GRU_RETURN_IF_ERROR(candidate_bias_.reserve(padded));
  const std::size_t both = reset_after() ? gate_n * hidden : gates;
  for (std::size_t i = 0; i < gates; ++i) {
    const float recurrent = i < both ? value_at(tensors_.bias_hh, i) : 0.0F;
    input_bias_.data()[i] = value_at(tensors_.bias_ih, i) + recurrent;
  }
  for (std::size_t i = 0; i < padded; ++i) {
    candidate_bias_.data()[i] = i < hidden ? value_at(tensors_.bias_hh, gate_n * hidden + i) : 0.0F;
  }
  return {};
}

void CpuRecurrentWeights::count() {
  held_ -= counted_;
  counted_ = 0;
  for (const AlignedBuffer* buffer :
       {&input_.data, &input_bias_, &gates_, &candidate_, &candidate_bias_, &d_input_.data,
        &d_state_.data, &d_reset_state_.data}) {
    counted_ += buffer->bytes();
  }
  held_ += counted_;
}

Status CpuRecurrentWeights::prepare_forward() {
  if (forward_ready_) return {};
  const std::size_t hidden = shape_.hidden_size;
  const std::size_t lanes = kernels().lanes;
  const std::size_t blocks = vectors_of(hidden);
  const std::size_t gates = reset_after() ? gate_count : gate_n;
  const CheckedSize block_floats = CheckedSize(hidden) * blocks * lanes;
  GRU_RETURN_IF_ERROR(fold_biases());
  GRU_RETURN_IF_ERROR(input_.shape(shape_.input_size, gate_count * hidden));
  GRU_RETURN_IF_ERROR(gates_.reserve(block_floats * gates));
  if (!reset_after()) GRU_RETURN_IF_ERROR(candidate_.reserve(block_floats));

  const PackSource weight_ih{tensors_.weight_ih.data(), shape_.input_size, gate_count * hidden,
                             shape_.input_size};
  const float* weight_hh = tensors_.weight_hh.data();
  const double floats =
      static_cast<double>(gate_count * hidden) * static_cast<double>(shape_.input_size + hidden);
  parallel(threads_for(floats), [&](unsigned index, Team& team) {
    pack_share(input_, weight_ih, Transpose::yes, index, team.size());
    const Range mine = share_of(blocks, index, team.size());
    kernels().pack_gates(weight_hh, hidden, gates, gates_.data(), mine.begin, mine.end);
    if (reset_after()) return;
    kernels().pack_gates(weight_hh + gate_n * hidden * hidden, hidden, 1, candidate_.data(),
                         mine.begin, mine.end);
  });
  forward_ready_ = true;
  return {};
}

Status CpuRecurrentWeights::prepare_backward() {
  if (backward_ready_) return {};
  const std::size_t hidden = shape_.hidden_size;
  const std::size_t gates = reset_after() ? gate_count : gate_n;
  GRU_RETURN_IF_ERROR(d_input_.shape(gate_count * hidden, shape_.input_size));
  GRU_RETURN_IF_ERROR(d_state_.shape(gates * hidden, hidden));
  if (!reset_after()) GRU_RETURN_IF_ERROR(d_reset_state_.shape(hidden, hidden));

  const float* weight_hh = tensors_.weight_hh.data();
  const PackSource weight_ih{tensors_.weight_ih.data(), shape_.input_size, gate_count * hidden,
                             shape_.input_size};
  const double floats =
      static_cast<double>(gate_count * hidden) * static_cast<double>(shape_.input_size + hidden);
  parallel(threads_for(floats), [&](unsigned index, Team& team) {
    const auto pack = [&](PackedMatrix& to, const PackSource& from) {
      pack_share(to, from, Transpose::no, index, team.size());
    };
    pack(d_input_, weight_ih);
    pack(d_state_, {weight_hh, hidden, gates * hidden, hidden});
    if (!reset_after()) {
      pack(d_reset_state_, {weight_hh + gate_n * hidden * hidden, hidden, hidden, hidden});
    }
  });
  backward_ready_ = true;
  return {};
}

}  // namespace gru::cpu
