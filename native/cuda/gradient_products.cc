#include "cuda/gradient_products.h"

#include "cuda/kernels/memory.h"
#include "cuda/kernels/states.h"
#include "cuda/large_product.h"

namespace gru::cuda {

namespace {

class GradientProducts {
 public:
  GradientProducts(Context& context, const CudaRecurrentWeights& weights,
                   const RecurrentBackward& call)
      : context_(context),
        weights_(weights),
        call_(call),
        spec_(weights.spec()),
        hidden_(weights.hidden()),
        rows_(call.map->rows()) {}

  Status run(const Walk& walk) {
    GRU_RETURN_IF_ERROR(input_gradient());
    GRU_RETURN_IF_ERROR(weight_gradient(gates(0, spec_.gates), {}, call_.input,
                                        weight(call_.gradients.weight_ih, 0, spec_.gates)));
    GRU_RETURN_IF_ERROR(recurrent_gradients(walk));
    return bias_gradients();
  }

 private:
  /// Gates first..end of every row's reserve.
  DeviceMatrix<const float> gates(std::size_t first, std::size_t end) const {
    return {call_.reserve.data() + first * hidden_, rows_, (end - first) * hidden_,
            spec_.reserve * hidden_};
  }

  /// Gates first..end of a weight's gradient, [3H or 4H, columns].
  DeviceMatrix<float> weight(DeviceSpan<float> gradient, std::size_t first, std::size_t end) const {
    const std::size_t columns = gradient.size() / (spec_.gates * hidden_);
    return DeviceMatrix<float>(gradient, columns)
        .row_range(first * hidden_, (end - first) * hidden_);
  }

  Status input_gradient() {
    if (call_.d_input.empty()) return {};
    Product product;
    product.a = gates(0, spec_.gates);
    product.b = weights_.weight_ih();
    product.c = call_.d_input;
    product.accumulate = call_.add_to_d_input;
    return multiply_gradient(context_, product);
  }

  /// to = gradients^T factor.
  Status weight_gradient(DeviceMatrix<const float> gradients, ColumnGap gap,
                         DeviceMatrix<const float> factor, DeviceMatrix<float> to) {
    Product product;
    product.transpose_a = Transpose::yes;
    product.a = gradients;
    product.gap = gap;
    product.b = factor;
    product.c = to;
    return multiply_gradient(context_, product);
  }

  Status recurrent_gradients(const Walk& walk) {
    Scratch<float>& scratch = context_.recurrence.states;
    GRU_RETURN_IF_ERROR(scratch.reserve(CheckedSize(rows_) * hidden_, context_.queue()));
    const DeviceMatrix<float> states(scratch.data(), rows_, hidden_, hidden_);
    GRU_RETURN_IF_ERROR(states_before(context_.queue(), states, walk));
    const DeviceSpan<float> to = call_.gradients.weight_hh;
    if (weights_.cell() == CellKind::lstm) {
      return weight_gradient(gates(0, spec_.gates), {}, states, weight(to, 0, spec_.gates));
    }
    if (weights_.reset() == ResetGate::after) {
      // The columns of r, z and q. Those of n are skipped.
      const ColumnGap gap{to_unsigned(gate_n * hidden_), to_unsigned(hidden_)};
      return weight_gradient(gates(0, gate_count), gap, states, weight(to, 0, gate_count));
    }
    GRU_RETURN_IF_ERROR(weight_gradient(gates(0, gate_n), {}, states, weight(to, 0, gate_n)));
    return weight_gradient(gates(gate_n, gate_count), {}, gates(reserve_q, reserve_gates),
                           weight(to, gate_n, gate_count));
  }

  Status bias_gradients() {
    if (call_.gradients.bias_ih.empty()) return {};
    return weights_.cell() == CellKind::lstm ? lstm_bias_gradients() : gru_bias_gradients();
  }

  /// Both biases of an LSTM are added to the same sum, so their gradients are equal.
  Status lstm_bias_gradients() {
    const RecurrentTensors<float>& to = call_.gradients;
    GRU_RETURN_IF_ERROR(
        column_sums(context_.queue(), context_.sums, to.bias_ih, gates(0, spec_.gates)));
    return copy(context_.queue(), {to.bias_hh, to.bias_hh.size()},
                DeviceMatrix<float>(to.bias_ih, to.bias_ih.size()));
  }

  Status gru_bias_gradients() {
    const std::size_t width = reserve_gates * hidden_;
    Scratch<float>& sums = context_.recurrence.bias_sums;
    GRU_RETURN_IF_ERROR(sums.reserve(width, context_.queue()));
    GRU_RETURN_IF_ERROR(column_sums(context_.queue(), context_.sums,
                                    DeviceSpan<float>(sums.data(), width),
                                    gates(0, reserve_gates)));
    return unpack_bias_gradients(context_.queue(), call_.gradients, sums.data(), hidden_,
                                 weights_.reset());
  }

  Context& context_;
  const CudaRecurrentWeights& weights_;
  const RecurrentBackward& call_;
  CellSpec spec_;
  std::size_t hidden_;
  std::size_t rows_;
};

}  // namespace

Status multiply_gradients(Context& context, const CudaRecurrentWeights& weights,
                          const RecurrentBackward& call, const Walk& walk) {
  return GradientProducts(context, weights, call).run(walk);
}

}  // namespace gru::cuda
