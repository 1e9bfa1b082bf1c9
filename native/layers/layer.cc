#include "layers/layer.h"

namespace gru {

void SequenceGradient::begin(const Sequence& of, bool wanted) {
  of_ = of;
  wanted_ = wanted;
  written_ = false;
  state_written_ = false;
}

void SequenceGradient::use_memory(DeviceMatrix<float> values) {
  values_ = values;
  written_ = true;
}

Status SequenceGradient::open(Device& device, DeviceMatrix<float>& values, bool& add) {
  add = written_;
  if (!written_) {
    const std::size_t rows = of_.row_count();
    const std::size_t width = of_.values.columns();
    GRU_RETURN_IF_ERROR(buffer_.reserve(device, CheckedSize(rows) * width));
    use_memory({buffer_.span().data(), rows, width, width});
  }
  values = values_;
  return {};
}

Status SequenceGradient::accumulate(Device& device, DeviceMatrix<const float> from) {
  if (!wanted_) return {};
  DeviceMatrix<float> values;
  bool add = false;
  GRU_RETURN_IF_ERROR(open(device, values, add));
  return add ? device.add(values, from) : device.copy(values, from);
}

Status SequenceGradient::open_final_state(Device& device, DeviceSpan<float>& state, bool& add) {
  add = state_written_;
  if (!state_written_) {
    GRU_RETURN_IF_ERROR(state_.reserve(device, of_.final_state.size()));
    GRU_RETURN_IF_ERROR(device.fill(DeviceMatrix<float>(state_.span(), state_.size()), 0));
    state_written_ = true;
  }
  state = state_.span();
  return {};
}

Status check_values(const std::string& option, const EdgeShape& input) {
  if (!input.tokens) return {};
  return Status::value(option + ": expected values, got tokens, which need an embedding");
}

EdgeShape with_width(const EdgeShape& input, std::size_t width) {
  EdgeShape shape = input;
  shape.width = width;
  shape.recurrent = false;
  return shape;
}

}  // namespace gru
