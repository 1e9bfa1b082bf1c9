#include "model/model.h"

#include "layers/initialization.h"

namespace gru {

Status Model::create(const GraphOptions& options, std::unique_ptr<Device> device,
                     std::uint64_t seed, std::unique_ptr<Model>& model) noexcept {
  return guarded([&]() -> Status {
    std::unique_ptr<Graph> graph;
    GRU_RETURN_IF_ERROR(Graph::create(options, graph));
    std::unique_ptr<Model> made(new Model(std::move(device), std::move(graph)));
    made->seed_ = seed;
    made->staged_states_.resize(made->graph_->states().size());
    GRU_RETURN_IF_ERROR(made->store_.allocate(*made->device_, seed));
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

Status Model::predict(const PredictCall& call) noexcept {
  return guarded([&] { return run_predict(call); });
}

Status Model::refresh() {
  GRU_RETURN_IF_ERROR(store_.draw(*device_));
  if (loaded_version_ == store_.version()) return {};
  GRU_RETURN_IF_ERROR(graph_->load(*device_, store_.values()));
  loaded_version_ = store_.version();
  return {};
}

Status Model::load_inputs(std::span<const InputBatch> inputs, GraphPass& pass) {
  GRU_RETURN_IF_ERROR(graph_->load_inputs(*device_, inputs, pass));
  return refresh();
}

Status Model::forward(const AbortFlag* abort, GraphPass& pass) {
  return graph_->forward(*device_, store_.values(), abort, pass);
}

Status Model::forward_layers(std::span<const std::size_t> layers, const AbortFlag* abort,
                             GraphPass& pass) {
  return graph_->forward_layers(*device_, store_.values(), layers, abort, pass);
}

Status Model::forward_with(DeviceSpan<const float> values, const AbortFlag* abort,
                           GraphPass& pass) {
  loaded_version_ = 0;  // no version is loaded: the next call loads the parameters again
  GRU_RETURN_IF_ERROR(graph_->load(*device_, values));
  return graph_->forward(*device_, values, abort, pass);
}

Status Model::forward_training(std::uint64_t number, const AbortFlag* abort, GraphPass& pass) {
  const DropoutMask mask{seed_, dropout_stream + number * graph_->dropout_streams(), 0};
  return graph_->forward_training(*device_, store_.values(), mask, abort, pass);
}

Status Model::backward(const AbortFlag* abort, GraphPass& pass, DeviceSpan<float> gradients) {
  return graph_->backward(*device_, store_.values(), abort, pass, gradients);
}

Status Model::store_output(const GraphPass& pass, std::size_t output, std::span<float> values) {
  const Sequence& edge = graph_->output(pass, output);
  const std::size_t width = edge.values.columns();
  StagedOutput target;
  GRU_RETURN_IF_ERROR(target.open(*device_, values, staged_output_));
  const DeviceMatrix<float> padded(target.view(), width);
  GRU_RETURN_IF_ERROR(edge.every == Every::step
                          ? edge.rows->unpack(*device_, edge.values, padded)
                          : edge.rows->unpack_sequences(*device_, edge.values, padded));
  return target.finish();
}

Status Model::store_outputs(const GraphPass& pass, std::span<const std::span<float>> outputs) {
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    GRU_RETURN_IF_ERROR(store_output(pass, i, outputs[i]));
  }
  return {};
}

Status Model::load_states(std::span<const std::span<const float>> states) {
  std::vector<DeviceSpan<const float>> given(states.size());
  for (std::size_t i = 0; i < states.size(); ++i) {
    GRU_RETURN_IF_ERROR(stage_input(*device_, states[i], staged_states_[i], given[i]));
  }
  return graph_->load_states(*device_, given, inference_);
}

Status Model::store_states(std::span<const std::span<float>> states) {
  std::vector<StagedOutput> targets(states.size());
  std::vector<DeviceSpan<float>> views;
  for (std::size_t i = 0; i < states.size(); ++i) {
    GRU_RETURN_IF_ERROR(targets[i].open(*device_, states[i], staged_states_[i]));
    views.push_back(targets[i].view());
  }
  GRU_RETURN_IF_ERROR(graph_->store_states(*device_, inference_, views));
  for (const StagedOutput& target : targets) GRU_RETURN_IF_ERROR(target.finish());
  return {};
}

Status Model::run_predict(const PredictCall& call) {
  GRU_RETURN_IF_ERROR(load_inputs(call.inputs, inference_));
  GRU_RETURN_IF_ERROR(load_states(call.initial_states));
  GRU_RETURN_IF_ERROR(forward(call.abort, inference_));
  GRU_RETURN_IF_ERROR(store_outputs(inference_, call.outputs));
  return store_states(call.states);
}

}  // namespace gru
