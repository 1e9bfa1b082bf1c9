#include "cuda/stepwise.h"

#include "cuda/kernels/stepwise.h"

namespace gru::cuda {

namespace {

/// sums = state U^T for rows [first, first + count) of a step and U's gates first_gate..end_gate.
struct StateProduct {
  DeviceMatrix<const float> state;
  std::size_t first;
  std::size_t first_gate;
  std::size_t end_gate;
};

class Forward {
 public:
  Forward(Context& context, const CudaRecurrentWeights& weights, const ForwardPass& pass)
      : context_(context), weights_(weights), pass_(pass), hidden_(weights.hidden()) {}

  Status run(unsigned s) {
    const Walk& walk = pass_.walks.host;
    GRU_RETURN_IF_ERROR(context_.recurrence.sums.reserve(
        CheckedSize(pass_.batch) * weights_.spec().gates * hidden_, context_.queue()));
    if (weights_.cell() == CellKind::lstm) return lstm(s);
    ForwardStep step{};
    step.step = walk.step(s);
    step.sums = context_.recurrence.sums.data();
    step.bias_hn = weights_.bias_hn();
    step.output = pass_.output + step.step.first_row * pass_.output_stride;
    step.output_stride = pass_.output_stride;
    step.update_sign = weights_.update_sign();
    return weights_.reset() == ResetGate::after ? after(step) : before(step);
  }

 private:
  Status lstm(unsigned s) {
    LstmForwardStep step{};
    step.step = pass_.walks.host.step(s, weights_.spec().reserve);
    step.sums = context_.recurrence.sums.data();
    step.cell = pass_.cell;
    step.output = pass_.output + step.step.first_row * pass_.output_stride;
    step.output_stride = pass_.output_stride;
    GRU_RETURN_IF_ERROR(multiply_state(step.step, weights_.spec().gates));
    return step_lstm(context_.queue(), step);
  }

  Status after(const ForwardStep& step) {
    GRU_RETURN_IF_ERROR(multiply_state(step.step, gate_count));
    return step_after(context_.queue(), step);
  }

  Status before(const ForwardStep& step) {
    GRU_RETURN_IF_ERROR(multiply_state(step.step, gate_n));
    GRU_RETURN_IF_ERROR(step_gates_before(context_.queue(), step));
    const DeviceMatrix<const float> reset_state(step.step.gates + reserve_q * hidden_,
                                                step.step.rows, hidden_, reserve_gates * hidden_);
    GRU_RETURN_IF_ERROR(multiply_rows({reset_state, 0, gate_n, gate_count}));
    return step_candidate_before(context_.queue(), step);
  }

  /// Multiplies the state before the step by the first gates of U.
  Status multiply_state(const Step& step, std::size_t gates) {
    const DeviceMatrix<const float> before(step.before, step.continuing, hidden_,
                                           step.before_stride);
    GRU_RETURN_IF_ERROR(multiply_rows({before, 0, 0, gates}));
    const DeviceMatrix<const float> initial(step.initial + step.continuing * hidden_,
                                            step.rows - step.continuing, hidden_, hidden_);
    return multiply_rows({initial, step.continuing, 0, gates});
  }

  Status multiply_rows(const StateProduct& rows) {
    const std::size_t width = (rows.end_gate - rows.first_gate) * hidden_;
    Product product;
    product.transpose_b = Transpose::yes;
    product.a = rows.state;
    product.b = weights_.weight_hh(rows.first_gate, rows.end_gate);
    product.c = DeviceMatrix<float>(context_.recurrence.sums.data() + rows.first * width,
                                    rows.state.rows(), width, width);
    return multiply(context_.queue(), context_.products, product, Precision::float32);
  }

  Context& context_;
  const CudaRecurrentWeights& weights_;
  const ForwardPass& pass_;
  std::size_t hidden_;
};

class Backward {
 public:
  Backward(Context& context, const CudaRecurrentWeights& weights, const BackwardPass& pass)
      : context_(context), weights_(weights), pass_(pass), hidden_(weights.hidden()) {}

  Status run(unsigned s) {
    if (weights_.cell() == CellKind::lstm) return lstm(s);
    BackwardStep step{};
    step.step = pass_.walks.host.step(s);
    read_d_output(step);
    step.d_state = pass_.d_state;
    step.update_sign = weights_.update_sign();
    return weights_.reset() == ResetGate::after ? after(step) : before(step);
  }

 private:
  template <class AnyStep>
  void read_d_output(AnyStep& step) const {
    if (pass_.d_output.empty()) return;
    step.d_output = pass_.d_output.data() + step.step.first_row * pass_.d_output.stride();
    step.d_output_stride = pass_.d_output.stride();
  }

  Status lstm(unsigned s) {
    const Walk& walk = pass_.walks.host;
    const CellSpec spec = weights_.spec();
    LstmBackwardStep step{};
    step.step = walk.step(s, spec.reserve);
    if (s > 0) step.cell_before = walk.step(s - 1, spec.reserve).gates + reserve_c * hidden_;
    step.initial_cell = pass_.initial_cell;
    read_d_output(step);
    step.d_state = pass_.d_state;
    step.d_cell = pass_.d_cell;
    GRU_RETURN_IF_ERROR(step_back_lstm(context_.queue(), step));
    Product product;
    product.a = gates(step.step, 0, spec.gates);
    product.b = weights_.weight_hh(0, spec.gates);
    product.c = DeviceMatrix<float>(pass_.d_state, step.step.rows, hidden_, hidden_);
    return multiply(context_.queue(), context_.products, product, Precision::float32);
  }

  Status after(const BackwardStep& step) {
    GRU_RETURN_IF_ERROR(step_back_after(context_.queue(), step));
    return add_products(step.step, {to_unsigned(gate_n * hidden_), to_unsigned(hidden_)},
                        gate_count);
  }

  Status before(BackwardStep step) {
    Scratch<float>& d_reset = context_.recurrence.d_reset;
    GRU_RETURN_IF_ERROR(d_reset.reserve(CheckedSize(pass_.batch) * hidden_, context_.queue()));
    step.d_reset = d_reset.data();
    GRU_RETURN_IF_ERROR(step_back_before(context_.queue(), step));
    Product product;
    product.a = gates(step.step, gate_n, gate_count);
    product.b = weights_.weight_hh(gate_n, gate_count);
    product.c = DeviceMatrix<float>(d_reset.data(), step.step.rows, hidden_, hidden_);
    GRU_RETURN_IF_ERROR(multiply(context_.queue(), context_.products, product, Precision::float32));
    GRU_RETURN_IF_ERROR(step_back_reset_before(context_.queue(), step));
    return add_products(step.step, {}, gate_n);
  }

  DeviceMatrix<const float> gates(const Step& step, std::size_t first, std::size_t end) const {
    return {step.gates + first * hidden_, step.rows, (end - first) * hidden_,
            weights_.spec().reserve * hidden_};
  }

  /// d_state += (the gradients of the first gates' products with the state) U.
  Status add_products(const Step& step, ColumnGap gap, std::size_t count) {
    Product product;
    product.a = gates(step, 0, count);
    product.gap = gap;
    product.b = weights_.weight_hh(0, count);
    product.c = DeviceMatrix<float>(pass_.d_state, step.rows, hidden_, hidden_);
    product.accumulate = true;
    return multiply(context_.queue(), context_.products, product, Precision::float32);
  }

  Context& context_;
  const CudaRecurrentWeights& weights_;
  const BackwardPass& pass_;
  std::size_t hidden_;
};

}  // namespace

Status stepwise_forward(Context& context, const CudaRecurrentWeights& weights,
                        const ForwardPass& pass, unsigned begin, unsigned end) {
  Forward forward(context, weights, pass);
  for (unsigned s = begin; s < end; ++s) GRU_RETURN_IF_ERROR(forward.run(s));
  return {};
}

Status stepwise_backward(Context& context, const CudaRecurrentWeights& weights,
                         const BackwardPass& pass, unsigned begin, unsigned end) {
  Backward backward(context, weights, pass);
  for (unsigned s = end; s-- > begin;) GRU_RETURN_IF_ERROR(backward.run(s));
  return {};
}

}  // namespace gru::cuda
