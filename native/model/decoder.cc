#include "model/decoder.h"

#include <algorithm>
#include <string>
#include <utility>

namespace gru {

namespace {

Status check_token(const char* name, std::int32_t token, std::size_t tokens) {
  if (token >= 0 && static_cast<std::size_t>(token) < tokens) return {};
  return Status::value(std::string(name) + ": expected an integer from 0 to " +
                       std::to_string(tokens - 1) + ", got " + std::to_string(token));
}

Status check_count(const char* name, std::size_t count, std::size_t most) {
  if (count >= 1 && count <= most) return {};
  return Status::value(std::string(name) + ": expected an integer from 1 to " +
                       std::to_string(most) + ", got " + std::to_string(count));
}

/// The target must have tokens, and the output must depend on it.
Status check_target(const Graph& graph, std::size_t target, std::size_t output) {
  const InputOptions& input = graph.options().inputs[target];
  if (!input.tokens) {
    return Status::value("inputs." + input.name + ": expected tokens, got values");
  }
  const std::string& layer = graph.options().outputs[output].layer;
  const auto depends = [&](std::size_t number) {
    return graph.options().layers[number].name == layer;
  };
  if (std::ranges::any_of(graph.layers_behind({&target, 1}), depends)) return {};
  return Status::value("layers." + layer + ": expected a layer that depends on inputs." +
                       input.name);
}

}  // namespace

Decoder::Decoder(std::shared_ptr<Model> model, std::size_t target, std::size_t output)
    : model_(std::move(model)), target_(target), output_(output) {
  const Graph& graph = model_->graph();
  each_step_ = graph.layers_behind({&target, 1});
  for (std::size_t layer = 0; layer < graph.options().layers.size(); ++layer) {
    if (std::ranges::find(each_step_, layer) == each_step_.end()) once_.push_back(layer);
  }
}

Status Decoder::create(std::shared_ptr<Model> model, std::size_t target, std::size_t output,
                       std::unique_ptr<Decoder>& decoder) noexcept {
  return guarded([&]() -> Status {
    const Graph& graph = model->graph();
    if (graph.options().inputs.size() < 2) {
      return Status::value("inputs: expected a source beside the target, got the target alone");
    }
    GRU_RETURN_IF_ERROR(check_target(graph, target, output));
    GRU_RETURN_IF_ERROR(graph.check_stepwise({&target, 1}));
    const std::size_t tokens = graph.options().inputs[target].size;
    if (graph.output_shape(output).width != tokens) {
      return Status::value("outputs." + graph.options().outputs[output].layer + ": expected the " +
                           std::to_string(tokens) + " tokens of inputs." +
                           graph.options().inputs[target].name + ", got " +
                           std::to_string(graph.output_shape(output).width) + " classes");
    }
    decoder.reset(new Decoder(std::move(model), target, output));
    return {};
  });
}

Status Decoder::decode(const DecodeCall& call,
                       std::vector<std::vector<Hypothesis>>& results) noexcept {
  return guarded([&] { return run(call, results); });
}

void Decoder::trim() noexcept {
  source_pass_.trim();
  step_pass_.trim();
  states_.clear();
  parents_ = {};
  logits_ = {};
  counted_ = {};
}

Status Decoder::check(const DecodeOptions& options) const {
  constexpr std::size_t most = (std::size_t{1} << 31) - 1;
  const std::size_t tokens = model_->graph().options().inputs[target_].size;
  GRU_RETURN_IF_ERROR(check_token("begin", options.begin, tokens));
  GRU_RETURN_IF_ERROR(check_token("end", options.end, tokens));
  GRU_RETURN_IF_ERROR(check_count("beams", options.beams, most));
  GRU_RETURN_IF_ERROR(check_count("limit", options.limit, most));
  return check_count("best", options.best, options.beams);
}

/// Computes the layers that are computed once. The target then has one step, which no layer reads.
Status Decoder::read_sources(const DecodeCall& call) {
  std::vector<InputBatch> inputs(call.inputs.begin(), call.inputs.end());
  const InputBatch& source = inputs[target_ == 0 ? 1 : 0];
  const std::vector<std::int32_t> begins(source.shape.batch, call.options.begin);
  inputs[target_] = {{1, source.shape.batch, {}}, {}, begins};
  GRU_RETURN_IF_ERROR(model_->load_inputs(inputs, source_pass_));
  has_states_ = false;
  return model_->forward_layers(once_, call.abort, source_pass_);
}

/// The logits of all live hypotheses.
Status Decoder::step(const BeamSearch& search, const AbortFlag* abort) {
  const Graph& graph = model_->graph();
  Device& device = model_->device();
  const InputBatch tokens{{1, search.tokens().size(), {}}, {}, search.tokens()};
  GRU_RETURN_IF_ERROR(
      graph.load_partial(device, {target_, tokens, source_pass_, search.sources()}, step_pass_));
  if (has_states_) graph.begin_with(each_step_, states_, step_pass_);
  GRU_RETURN_IF_ERROR(model_->forward_layers(each_step_, abort, step_pass_));
  const DeviceMatrix<const float> values = graph.output(step_pass_, output_).values;
  logits_.resize(values.rows() * values.columns());
  counted_.set(device, logits_.capacity() * sizeof(float));
  return device.download(logits_, {values.data(), logits_.size()});
}

/// The final states of the parents of the live hypotheses.
Status Decoder::gather_states(const BeamSearch& search) {
  Device& device = model_->device();
  GRU_RETURN_IF_ERROR(parents_.reserve(device, search.parents().size()));
  GRU_RETURN_IF_ERROR(device.upload(parents_.span(), search.parents()));
  has_states_ = true;
  return model_->graph().gather_states(device, step_pass_, each_step_, parents_.span(), states_);
}

Status Decoder::run(const DecodeCall& call, std::vector<std::vector<Hypothesis>>& results) {
  GRU_RETURN_IF_ERROR(check(call.options));
  GRU_RETURN_IF_ERROR(read_sources(call));
  BeamSearch search(call.options, call.inputs[target_ == 0 ? 1 : 0].shape.batch);
  while (true) {
    if (call.abort != nullptr && call.abort->load(std::memory_order_relaxed)) {
      return Status::aborted();
    }
    GRU_RETURN_IF_ERROR(step(search, call.abort));
    GRU_RETURN_IF_ERROR(search.advance(logits_, call.abort));
    if (search.is_over()) break;
    GRU_RETURN_IF_ERROR(gather_states(search));
  }
  results = search.take_results();
  return {};
}

}  // namespace gru
