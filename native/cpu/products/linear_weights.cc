#include "cpu/products/linear_weights.h"

namespace gru::cpu {

Status CpuLinearWeights::prepare() {
  if (ready_) return {};
  const std::size_t before = packed_.data.bytes();
  GRU_RETURN_IF_ERROR(packed_.shape(weight_.columns(), weight_.rows()));
  held_ += packed_.data.bytes() - before;
  const double work = static_cast<double>(weight_.rows()) * static_cast<double>(weight_.columns());
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    pack_share(packed_, source_of(weight_), Transpose::yes, index, team.size());
  });
  ready_ = true;
  return {};
}

Status CpuLinearWeights::forward(const LinearForward& call) {
  if (call.output.empty()) return {};
  GRU_RETURN_IF_ERROR(prepare());
  const ProductRows rows = rows_of(call.input, call.output);
  const ProductOptions options{.bias = call.bias.data_or_null(), .descending = descending_};
  descending_ = !descending_;
  const double work = operations_of(rows.rows, packed_.columns, packed_.depth);
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    multiply_share(rows, packed_, options, index, team.size());
  });
  return {};
}

}  // namespace gru::cpu
