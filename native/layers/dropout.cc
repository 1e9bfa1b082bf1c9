#include "layers/dropout.h"

#include "base/checks.h"

namespace gru {

namespace {

struct AddedGradient final : LayerPass {
  Buffer<float> part;

  std::size_t held_bytes() const override { return part.bytes(); }
};

}  // namespace

Status Dropout::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                        ParameterLayout& /*layout*/, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_values(name.option("input"), inputs[0]));
  if (!(probability_ >= 0 && probability_ < 1)) {
    return Status::value(name.option("probability") +
                         ": expected a number from 0 to less than 1, got " + text_of(probability_));
  }
  output = with_width(inputs[0], inputs[0].width);
  return {};
}

std::unique_ptr<LayerPass> Dropout::make_pass() const { return std::make_unique<AddedGradient>(); }

/// With one row for each sequence, the mask's number of a row is that of the sequence's first step.
Status Dropout::mask(Device& device, DropoutMask mask, const Sequence& rows, DeviceMatrix<float> to,
                     DeviceMatrix<const float> from) const {
  mask.probability = probability_;
  const DeviceSpan<const std::int32_t> numbers = rows.rows->logical();
  return device.dropout(to, from, mask, numbers.empty() ? numbers : numbers.subspan(0, to.rows()));
}

Status Dropout::forward(const LayerForward& call) {
  const DeviceMatrix<const float> input = call.inputs[0]->values;
  if (call.mode == PassMode::inference) return call.device.copy(call.output, input);
  return mask(call.device, call.dropout, *call.inputs[0], call.output, input);
}

Status Dropout::backward(const LayerBackward& call) {
  Buffer<float>& scratch = static_cast<AddedGradient*>(call.pass)->part;
  return call.d_inputs[0]->accumulate(call.device, scratch, [&](DeviceMatrix<float> d_input) {
    return mask(call.device, call.dropout, *call.inputs[0], d_input, call.d_output.values());
  });
}

}  // namespace gru
