#include "model/model.h"

#include "base/checks.h"
#include "layers/initialization.h"

namespace gru {

namespace {

DeviceMatrix<float> rows_of(Buffer<float>& buffer, std::size_t rows, std::size_t columns) {
  return {buffer.span().data(), rows, columns, columns};
}

}  // namespace

Status Model::create(const ModelOptions& options, std::unique_ptr<Device> device,
                     std::uint64_t seed, std::unique_ptr<Model>& model) noexcept {
  return guarded([&]() -> Status {
    ParameterLayout layout;
    GRU_RETURN_IF_ERROR(ParameterLayout::of_model(options, layout));
    std::unique_ptr<Model> made(new Model(options, std::move(device), std::move(layout)));
    made->seed_ = seed;
    GRU_RETURN_IF_ERROR(made->store_.allocate(*made->device_, options.gru, seed));
    model = std::move(made);
    return {};
  });
}

Status Model::read_parameters(std::span<float> values) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(store_.draw(*device_));
    return store_.read(*device_, values);
  });
}

Status Model::write_parameters(std::span<const float> values) noexcept {
  return guarded([&] { return store_.write(*device_, values); });
}

Status Model::predict(const ModelInput& input, std::span<float> predictions) noexcept {
  return guarded([&] { return run_predict(input, predictions); });
}

Status Model::refresh() {
  GRU_RETURN_IF_ERROR(store_.draw(*device_));
  if (loaded_version_ == store_.version()) return {};
  GRU_RETURN_IF_ERROR(stack_.load(store_.values()));
  loaded_version_ = store_.version();
  return {};
}

Status Model::load_input(const ModelInput& input, ModelPass& pass) {
  GRU_RETURN_IF_ERROR(pass.rows.load(*device_, input.shape, options_.gru.batch_first));
  GRU_RETURN_IF_ERROR(refresh());
  pass.gru = {};
  pass.gru.rows = &pass.rows;
  pass.gru.abort = input.abort;
  if (options_.input == InputKind::tokens) {
    if (pass.rows.map().rows() > 0) {
      GRU_RETURN_IF_ERROR(
          check_ids("input", input.tokens, pass.rows.map().to_padded(), options_.tokens));
    }
    DeviceSpan<const std::int32_t> staged;
    GRU_RETURN_IF_ERROR(stage_input(*device_, input.tokens, pass.staged_tokens, staged));
    GRU_RETURN_IF_ERROR(pass.rows.pack(*device_, staged, pass.packed_tokens, pass.tokens));
    return embed(pass);
  }
  DeviceSpan<const float> staged;
  GRU_RETURN_IF_ERROR(stage_input(*device_, input.features, pass.staged_features, staged));
  return pass.rows.pack(*device_, DeviceMatrix<const float>(staged, options_.gru.input_size),
                        pass.gru_input, pass.gru.input);
}

Status Model::embed(ModelPass& pass) {
  const std::size_t size = options_.gru.input_size;
  const std::size_t rows = pass.rows.map().rows();
  GRU_RETURN_IF_ERROR(pass.gru_input.reserve(*device_, CheckedSize(rows) * size));
  const DeviceMatrix<const float> table(
      store_.values().subspan(layout().embedding_weight(), options_.tokens * size), size);
  const auto embedded = rows_of(pass.gru_input, rows, size);
  pass.gru.input = embedded;
  return device_->gather_rows(embedded, table, pass.tokens);
}

Status Model::last_states(ModelPass& pass) {
  const RowMap& map = pass.rows.map();
  const std::size_t hidden = options_.gru.hidden_size;
  const std::size_t directions = options_.gru.num_directions();
  const std::size_t first = (options_.gru.num_layers - 1) * directions;
  GRU_RETURN_IF_ERROR(
      pass.last_states.reserve(*device_, CheckedSize(map.running()) * options_.gru.output_size()));
  const auto joined = rows_of(pass.last_states, map.running(), options_.gru.output_size());
  for (std::size_t direction = 0; direction < directions; ++direction) {
    const DeviceMatrix<const float> state(
        pass.activations.final_state.span().data() + (first + direction) * map.batch() * hidden,
        map.running(), hidden, hidden);
    GRU_RETURN_IF_ERROR(device_->copy(joined.column_range(direction * hidden, hidden), state));
  }
  pass.head_input = joined;
  return {};
}

Status Model::predict_rows(ModelPass& pass, DeviceMatrix<const float> output) {
  pass.head_input = output;
  if (options_.every == Every::last) GRU_RETURN_IF_ERROR(last_states(pass));
  const std::size_t rows = predicted_rows(pass.rows.map());
  GRU_RETURN_IF_ERROR(
      pass.prediction_buffer.reserve(*device_, CheckedSize(rows) * options_.output_size));
  pass.predictions = rows_of(pass.prediction_buffer, rows, options_.output_size);
  return head_.forward(*device_, store_.values(), pass.head_input, pass.predictions);
}

Status Model::forward(ModelPass& pass) {
  const std::size_t rows = pass.rows.map().rows();
  const std::size_t width = options_.gru.output_size();
  GRU_RETURN_IF_ERROR(pass.gru_output.reserve(*device_, CheckedSize(rows) * width));
  const auto output = rows_of(pass.gru_output, rows, width);
  GRU_RETURN_IF_ERROR(stack_.forward(pass.gru, output, pass.activations));
  return predict_rows(pass, output);
}

Status Model::forward_training(std::uint64_t pass_number, ModelPass& pass) {
  const GruOptions& gru = options_.gru;
  pass.gru.dropout = {seed_, dropout_stream + pass_number * gru.num_layers, gru.dropout};
  GRU_RETURN_IF_ERROR(stack_.forward_training(pass.gru, pass.activations));
  return predict_rows(
      pass, rows_of(pass.activations.outputs.back(), pass.rows.map().rows(), gru.output_size()));
}

Status Model::backward_last(ModelPass& pass, DeviceMatrix<const float> d_head_input,
                            GruPassGradients& gradients) {
  const RowMap& map = pass.rows.map();
  const std::size_t hidden = options_.gru.hidden_size;
  const std::size_t directions = options_.gru.num_directions();
  const std::size_t first = (options_.gru.num_layers - 1) * directions;
  GRU_RETURN_IF_ERROR(d_state_.reserve(*device_, pass.activations.final_state.size()));
  const DeviceMatrix<float> d_state(d_state_.span(), hidden);
  GRU_RETURN_IF_ERROR(device_->fill(d_state, 0));
  for (std::size_t direction = 0; direction < directions; ++direction) {
    GRU_RETURN_IF_ERROR(
        device_->copy(d_state.row_range((first + direction) * map.batch(), map.running()),
                      d_head_input.column_range(direction * hidden, hidden)));
  }
  gradients.d_state = d_state_.span();
  return {};
}

Status Model::backward(ModelPass& pass, DeviceMatrix<const float> d_predictions,
                       DeviceSpan<float> gradients) {
  const std::size_t rows = pass.rows.map().rows();
  const std::size_t embedding = options_.gru.input_size;
  GRU_RETURN_IF_ERROR(d_head_input_.reserve(
      *device_, CheckedSize(pass.head_input.rows()) * options_.gru.output_size()));
  const auto d_head_input =
      rows_of(d_head_input_, pass.head_input.rows(), options_.gru.output_size());
  GRU_RETURN_IF_ERROR(head_.backward(*device_, store_.values(), pass.head_input, d_predictions,
                                     d_head_input, gradients));

  GruPassGradients gru;
  gru.parameters = gradients;
  if (options_.every == Every::last) {
    GRU_RETURN_IF_ERROR(backward_last(pass, d_head_input, gru));
  } else {
    gru.d_output = d_head_input;
  }
  if (options_.input == InputKind::tokens) {
    GRU_RETURN_IF_ERROR(d_gru_input_.reserve(*device_, CheckedSize(rows) * embedding));
    gru.d_input = rows_of(d_gru_input_, rows, embedding);
  }
  GRU_RETURN_IF_ERROR(stack_.backward(pass.gru, pass.activations, gru));
  if (options_.input != InputKind::tokens) return {};
  const DeviceMatrix<float> table(
      gradients.subspan(layout().embedding_weight(), options_.tokens * embedding), embedding);
  return device_->embedding_backward(table, pass.tokens, gru.d_input);
}

Status Model::run_predict(const ModelInput& input, std::span<float> predictions) {
  GRU_RETURN_IF_ERROR(load_input(input, inference_));
  const DeviceRows& rows = inference_.rows;
  GRU_RETURN_IF_ERROR(forward(inference_));
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(*device_, predictions, staged_predictions_));
  const DeviceMatrix<float> padded(target.view(), options_.output_size);
  if (options_.every == Every::step) {
    GRU_RETURN_IF_ERROR(rows.unpack(*device_, inference_.predictions, padded));
  } else {
    GRU_RETURN_IF_ERROR(rows.unpack_sequences(*device_, inference_.predictions, padded));
  }
  return target.finish();
}

}  // namespace gru
