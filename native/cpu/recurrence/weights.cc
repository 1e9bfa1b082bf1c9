#include "cpu/recurrence/weights.h"

#include <algorithm>

namespace gru::cpu {

namespace {

float value_at(DeviceSpan<const float> bias, std::size_t i) {
  return bias.empty() ? 0.0F : bias.data()[i];
}

const CellPlan& plan_of(const RecurrentShape& shape) {
  return shape.cell == CellKind::lstm ? lstm_plan() : gru_plan(shape.variant.reset);
}

}  // namespace

CpuRecurrentWeights::CpuRecurrentWeights(const RecurrentShape& shape, HeldBytes& held)
    : shape_(shape), plan_(plan_of(shape)), held_(held) {}

// All biases except bias_apart are only added to W x, so they are added together with that product.
Status CpuRecurrentWeights::fold_biases() {
  const std::size_t hidden = shape_.hidden_size;
  const Range apart{plan_.bias_apart * hidden, (plan_.bias_apart + 1) * hidden};
  GRU_RETURN_IF_ERROR(input_bias_.reserve(gates()));
  for (std::size_t i = 0; i < gates(); ++i) {
    const bool joins = i < apart.begin || i >= apart.end;
    const float recurrent = joins ? value_at(tensors_.bias_hh, i) : 0.0F;
    input_bias_.data()[i] = value_at(tensors_.bias_ih, i) + recurrent;
  }
  if (apart.begin == gates()) return {};
  const std::size_t padded = vectors_of(hidden) * kernels().lanes;
  GRU_RETURN_IF_ERROR(bias_apart_.reserve(padded));
  for (std::size_t i = 0; i < padded; ++i) {
    bias_apart_.data()[i] = i < hidden ? value_at(tensors_.bias_hh, apart.begin + i) : 0.0F;
  }
  return {};
}

void CpuRecurrentWeights::count() {
  std::size_t bytes =
      input_.data.bytes() + input_bias_.bytes() + bias_apart_.bytes() + d_input_.data.bytes();
  for (const AlignedBuffer& part : parts_) bytes += part.bytes();
  for (const PackedMatrix& part : d_parts_) bytes += part.data.bytes();
  recount(held_, counted_, bytes);
}

Status CpuRecurrentWeights::reserve_forward() {
  const std::size_t hidden = shape_.hidden_size;
  const CheckedSize block_floats = CheckedSize(hidden) * vectors_of(hidden) * kernels().lanes;
  GRU_RETURN_IF_ERROR(fold_biases());
  GRU_RETURN_IF_ERROR(input_.shape(shape_.input_size, gates()));
  for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
    const Range& part = plan_.parts[i];
    GRU_RETURN_IF_ERROR(parts_[i].reserve(block_floats * (part.end - part.begin)));
  }
  return {};
}

Status CpuRecurrentWeights::pack_forward() {
  Status reserved = reserve_forward();
  count();
  if (!reserved.is_ok()) return reserved;
  const std::size_t hidden = shape_.hidden_size;
  const std::size_t blocks = vectors_of(hidden);
  parallel(threads_for(pack_work()), [&](unsigned index, Team& team) {
    pack_share(input_, weight_ih(), Transpose::yes, index, team.size());
    const Range mine = share_of(blocks, index, team.size());
    for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
      const Range& part = plan_.parts[i];
      kernels().pack_gates(rows_of(part), hidden, part.end - part.begin, parts_[i].data(),
                           mine.begin, mine.end);
    }
  });
  return {};
}

Status CpuRecurrentWeights::reserve_backward() {
  GRU_RETURN_IF_ERROR(d_input_.shape(gates(), shape_.input_size));
  for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
    GRU_RETURN_IF_ERROR(d_parts_[i].shape(depth_of(plan_.parts[i]), shape_.hidden_size));
  }
  return {};
}

Status CpuRecurrentWeights::pack_backward() {
  Status reserved = reserve_backward();
  count();
  if (!reserved.is_ok()) return reserved;
  const std::size_t hidden = shape_.hidden_size;
  parallel(threads_for(pack_work()), [&](unsigned index, Team& team) {
    pack_share(d_input_, weight_ih(), Transpose::no, index, team.size());
    for (std::size_t i = 0; i < plan_.parts.size(); ++i) {
      const Range& part = plan_.parts[i];
      pack_share(d_parts_[i], {rows_of(part), hidden, depth_of(part), hidden}, Transpose::no, index,
                 team.size());
    }
  });
  return {};
}

}  // namespace gru::cpu
