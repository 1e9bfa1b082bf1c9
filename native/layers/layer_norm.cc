#include "layers/layer_norm.h"

namespace gru {

namespace {

struct Normalized final : LayerPass {
  Buffer<float> statistics;     ///< [rows, 2]
  Buffer<float> d_weight_rows;  ///< [rows, width]
  Buffer<float> part;           ///< a contribution to the input's gradient

  std::size_t held_bytes() const override { return bytes_of(statistics, d_weight_rows, part); }
};

Status reserve_rows(Device& device, Buffer<float>& buffer, std::size_t rows, std::size_t width,
                    DeviceMatrix<float>& matrix) {
  GRU_RETURN_IF_ERROR(buffer.reserve(device, CheckedSize(rows) * width));
  matrix = {buffer.span().data(), rows, width, width};
  return {};
}

}  // namespace

Status LayerNorm::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                          ParameterLayout& layout, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_values(name.option("input"), inputs[0]));
  width_ = inputs[0].width;
  output = with_width(inputs[0], width_);
  GRU_RETURN_IF_ERROR(
      layout.append(name.tensor("weight"), {width_}, InitialValues::constant(1), weight_));
  return layout.append(name.tensor("bias"), {width_}, InitialValues::constant(0), bias_);
}

std::unique_ptr<LayerPass> LayerNorm::make_pass() const { return std::make_unique<Normalized>(); }

Status LayerNorm::forward(const LayerForward& call) {
  auto& kept = static_cast<Normalized&>(*call.pass);
  LayerNormForward norm;
  norm.input = call.inputs[0]->values;
  norm.weight = call.parameters.subspan(weight_, width_);
  norm.bias = call.parameters.subspan(bias_, width_);
  norm.output = call.output;
  GRU_RETURN_IF_ERROR(
      reserve_rows(call.device, kept.statistics, call.output.rows(), 2, norm.statistics));
  return call.device.layer_norm_forward(norm);
}

Status LayerNorm::backward(const LayerBackward& call) {
  auto& kept = static_cast<Normalized&>(*call.pass);
  LayerNormBackward norm;
  norm.input = call.inputs[0]->values;
  norm.weight = call.parameters.subspan(weight_, width_);
  norm.d_output = call.d_output.values();
  norm.statistics = {kept.statistics.span().data(), norm.d_output.rows(), 2, 2};
  GRU_RETURN_IF_ERROR(reserve_rows(call.device, kept.d_weight_rows, norm.d_output.rows(), width_,
                                   norm.d_weight_rows));
  const auto run = [&](DeviceMatrix<float> d_input) {
    norm.d_input = d_input;
    return call.device.layer_norm_backward(norm);
  };
  GRU_RETURN_IF_ERROR(call.d_inputs[0]->wanted()
                          ? call.d_inputs[0]->accumulate(call.device, kept.part, run)
                          : run({}));
  GRU_RETURN_IF_ERROR(
      call.device.column_sums(call.gradients.subspan(weight_, width_), norm.d_weight_rows));
  return call.device.column_sums(call.gradients.subspan(bias_, width_), norm.d_output);
}

}  // namespace gru
