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

Status Model::predict(std::span<const InputBatch> inputs, const AbortFlag* abort,
                      std::span<const std::span<float>> outputs) noexcept {
  return guarded([&] { return run_predict(inputs, abort, outputs); });
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

Status Model::forward_with(DeviceSpan<const float> values, const AbortFlag* abort,
                           GraphPass& pass) {
  loaded_version_ = 0;  // of no version: whoever comes next takes the parameters over again
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

Status Model::run_predict(std::span<const InputBatch> inputs, const AbortFlag* abort,
                          std::span<const std::span<float>> outputs) {
  GRU_RETURN_IF_ERROR(load_inputs(inputs, inference_));
  GRU_RETURN_IF_ERROR(forward(abort, inference_));
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    GRU_RETURN_IF_ERROR(store_output(inference_, i, outputs[i]));
  }
  return {};
}

}  // namespace gru
