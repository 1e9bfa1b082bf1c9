#include "cuda/recurrent_forward.h"

#include <algorithm>

#include "cuda/kernels/memory.h"
#include "cuda/kernels/states.h"
#include "cuda/large_product.h"
#include "cuda/recurrence.h"

namespace gru::cuda {

namespace {

/// The number of floats of gates that inference keeps at a time. 4 MiB are enough to keep a GPU
/// busy and stay in its cache. The steps of one launch together may take up to 64 MiB.
constexpr std::size_t wanted_gates = std::size_t{1} << 20;
constexpr std::size_t most_gates = std::size_t{16} << 20;

class Forward {
 public:
  Forward(Context& context, const CudaRecurrentWeights& weights, const RecurrentForward& call)
      : context_(context),
        weights_(weights),
        call_(call),
        spec_(weights.spec()),
        hidden_(weights.hidden()),
        steps_(to_unsigned(call.map->steps())) {}

  Status run() {
    pass_.batch = to_unsigned(call_.map->batch());
    pass_.output = call_.output.data();
    pass_.output_stride = call_.output.stride();
    const WalkCall walk{call_.map, call_.reverse, call_.initial_state, call_.output};
    GRU_RETURN_IF_ERROR(start_walk(context_, weights_, walk, pass_.walks));
    GRU_RETURN_IF_ERROR(start_cell());
    for (unsigned begin = 0; begin < steps_;) {
      const unsigned end = call_.reserve.empty() ? inference_end(begin) : steps_;
      GRU_RETURN_IF_ERROR(prepare_gates(begin, end));
      GRU_RETURN_IF_ERROR(run_steps(begin, end));
      begin = end;
    }
    return final_state(context_.queue(), DeviceMatrix<float>(call_.final_state, hidden_),
                       pass_.walks.device, context_.steps.lengths());
  }

 private:
  /// Fills the cell state where the caller wants the final one; the steps update it in place. A
  /// sequence's initial cell state is there until its first step, and its final one after its last
  /// step.
  Status start_cell() {
    if (spec_.states == 1) return {};
    pass_.cell = call_.final_cell.data();
    const DeviceMatrix<float> cell(call_.final_cell, hidden_);
    if (call_.initial_cell.empty()) return fill(context_.queue(), cell, 0);
    return copy(context_.queue(), cell, {call_.initial_cell, hidden_});
  }

  /// The end of the steps whose gates fit the memory that inference may use; at least one step.
  unsigned inference_end(unsigned begin) const {
    std::size_t gates = 0;
    unsigned end = begin;
    do {
      gates += pass_.walks.host.batch_size(end) * spec_.reserve * hidden_;
      ++end;
    } while (end < steps_ &&
             (gates < wanted_gates || (end - begin < chunk_steps && gates < most_gates)));
    return end;
  }

  /// gates = W x + b for all rows of steps begin..end.
  Status prepare_gates(unsigned begin, unsigned end) {
    const Walk& walk = pass_.walks.host;
    // In both directions the steps are contiguous in time.
    const std::size_t first = std::min(walk.first_row(begin), walk.first_row(end - 1));
    std::size_t rows = 0;
    for (unsigned s = begin; s < end; ++s) rows += walk.batch_size(s);
    const std::size_t width = spec_.reserve * hidden_;
    float* gates = call_.reserve.data();
    std::size_t first_gate_row = 0;
    if (call_.reserve.empty()) {
      Scratch<float>& scratch = context_.recurrence.gates;
      GRU_RETURN_IF_ERROR(scratch.reserve(CheckedSize(rows) * width, context_.queue()));
      gates = scratch.data();
      first_gate_row = first;
    }
    for (Walk* each : {&pass_.walks.host, &pass_.walks.device}) {
      each->gates = gates;
      each->first_gate_row = first_gate_row;
    }
    Product product;
    product.transpose_b = Transpose::yes;
    product.a = call_.input.row_range(first, rows);
    product.b = weights_.weight_ih();
    product.c = DeviceMatrix<float>(gates + (first - first_gate_row) * width, rows,
                                    spec_.gates * hidden_, width);
    product.bias = weights_.input_biases();
    return multiply_inputs(context_, product);
  }

  Status run_steps(unsigned begin, unsigned end) {
    for (unsigned s = begin; s < end;) {
      const unsigned stop = std::min(s + chunk_steps, end);
      GRU_RETURN_IF_ERROR(context_.pacer.begin(call_.abort, context_.queue()));
      GRU_RETURN_IF_ERROR(forward_steps(context_, weights_, pass_, s, stop));
      GRU_RETURN_IF_ERROR(context_.pacer.end(call_.abort, context_.queue()));
      s = stop;
    }
    return {};
  }

  Context& context_;
  const CudaRecurrentWeights& weights_;
  const RecurrentForward& call_;
  CellSpec spec_;
  std::size_t hidden_;
  unsigned steps_;
  ForwardPass pass_{};
};

}  // namespace

Status recurrent_forward(Context& context, const CudaRecurrentWeights& weights,
                         const RecurrentForward& call) {
  return Forward(context, weights, call).run();
}

}  // namespace gru::cuda
