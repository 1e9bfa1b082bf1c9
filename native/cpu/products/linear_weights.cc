#include "cpu/products/linear_weights.h"

namespace gru::cpu {

Status CpuLinearWeights::pack() {
  GRU_RETURN_IF_ERROR(packed_.shape(weight_.columns(), weight_.rows()));
  recount(held_, counted_, packed_.data.bytes());
  const double work = static_cast<double>(weight_.rows()) * static_cast<double>(weight_.columns());
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    pack_share(packed_, source_of(weight_), Transpose::yes, index, team.size());
  });
  return {};
}

Status CpuLinearWeights::forward(const LinearForward& call) {
  if (call.output.empty()) return {};
  GRU_RETURN_IF_ERROR(packing_.ensure([this] { return pack(); }));
  const ProductRows rows = rows_of(call.input, call.output);
  const bool descending = descending_.load(std::memory_order_relaxed);
  descending_.store(!descending, std::memory_order_relaxed);
  const ProductOptions options{.bias = call.bias.data_or_null(), .descending = descending};
  const double work = operations_of(rows.rows, packed_.columns, packed_.depth);
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    multiply_share(rows, packed_, options, index, team.size());
  });
  return {};
}

}  // namespace gru::cpu
