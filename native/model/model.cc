#include "model/model.h"

#include "layers/initialization.h"
#include "model/inference.h"

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

Status Model::read_parameters(std::span<const ParameterPart<float>> parts) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(store_.draw(*device_));
    return store_.read(*device_, parts);
  });
}

Status Model::write_parameters(std::span<const ParameterPart<const float>> parts) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(store_.draw(*device_));
    return store_.write(*device_, parts);
  });
}

Status Model::fill_parameters(ParameterPart<const float> part) noexcept {
  return guarded([&] { return store_.write(*device_, {&part, 1}); });
}

Status Model::predict(const PredictCall& call) noexcept {
  return guarded([&]() -> Status {
    Inference inference(*this);
    GRU_RETURN_IF_ERROR(inference.begin());
    return inference.predict(call);
  });
}

void Model::trim() noexcept {
  staged_output_ = {};
  lanes_.trim();
  graph_->trim();
  loaded_.forget();
}

Status Model::refresh() {
  return loaded_.ensure(store_, *device_,
                        [this] { return graph_->load(*device_, store_.values()); });
}

Status Model::load_inputs(std::span<const InputBatch> inputs, GraphPass& pass) {
  GRU_RETURN_IF_ERROR(graph_->load_inputs(*device_, inputs, pass));
  return refresh();
}

Status Model::forward(const AbortFlag* abort, GraphPass& pass) {
  return forward_on(*device_, abort, pass);
}

Status Model::forward_on(Device& device, const AbortFlag* abort, GraphPass& pass) {
  return graph_->forward(device, store_.values(), abort, pass);
}

Status Model::forward_layers(std::span<const std::size_t> layers, const AbortFlag* abort,
                             GraphPass& pass) {
  return forward_layers_on(*device_, layers, abort, pass);
}

Status Model::forward_layers_on(Device& device, std::span<const std::size_t> layers,
                                const AbortFlag* abort, GraphPass& pass) {
  return graph_->forward_layers(device, store_.values(), layers, abort, pass);
}

Status Model::forward_with(DeviceSpan<const float> values, const AbortFlag* abort,
                           GraphPass& pass) {
  loaded_.forget();
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

Status Model::store_outputs(const GraphPass& pass, std::span<const std::span<float>> outputs) {
  return graph_->store_outputs(*device_, pass, outputs, staged_output_);
}

}  // namespace gru
