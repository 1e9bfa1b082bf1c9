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

}  // namespace

Status Decoder::create(std::shared_ptr<Model> model, std::size_t target, std::size_t output,
                       std::unique_ptr<Decoder>& decoder) noexcept {
  return guarded([&]() -> Status {
    DecoderParts parts;
    GRU_RETURN_IF_ERROR(DecoderParts::find(model->graph(), target, output, parts));
    decoder.reset(new Decoder(std::move(model), std::move(parts)));
    return {};
  });
}

Status Decoder::encode(std::span<const InputBatch> inputs, const AbortFlag* abort,
                       DecoderContext& context) const noexcept {
  return guarded([&]() -> Status {
    const std::vector<std::int32_t> nothing(batch_of(inputs), 0);
    const std::vector<InputBatch> all = with_target(inputs, nothing);
    Inference inference(*model_);
    GRU_RETURN_IF_ERROR(inference.begin());
    GraphPass& pass = inference.memory().prediction;
    GRU_RETURN_IF_ERROR(inference.load_inputs(all, pass));
    GRU_RETURN_IF_ERROR(inference.forward_layers(parts_.once, abort, pass));
    return context.open(inference, parts_, all, pass, abort);
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
  const std::size_t tokens = model_->graph().options().inputs[parts_.target].size;
  GRU_RETURN_IF_ERROR(check_token("begin", options.begin, tokens));
  GRU_RETURN_IF_ERROR(check_token("end", options.end, tokens));
  GRU_RETURN_IF_ERROR(check_count("beams", options.beams, most));
  GRU_RETURN_IF_ERROR(check_count("limit", options.limit, most));
  return check_count("best", options.best, options.beams);
}

/// The target has one step, which the layers that are computed once do not read.
std::vector<InputBatch> Decoder::with_target(std::span<const InputBatch> inputs,
                                             std::span<const std::int32_t> tokens) const {
  std::vector<InputBatch> all(inputs.begin(), inputs.end());
  all[parts_.target] = {{1, tokens.size(), {}}, {}, tokens};
  return all;
}

/// Computes the layers that are computed once.
Status Decoder::read_sources(const DecodeCall& call) {
  const std::vector<std::int32_t> begins(batch_of(call.inputs), call.options.begin);
  GRU_RETURN_IF_ERROR(model_->load_inputs(with_target(call.inputs, begins), source_pass_));
  has_states_ = false;
  return model_->forward_layers(parts_.once, call.abort, source_pass_);
}

/// The logits of all live hypotheses.
Status Decoder::step(const BeamSearch& search, const AbortFlag* abort) {
  const Graph& graph = model_->graph();
  Device& device = model_->device();
  const InputBatch tokens{{1, search.tokens().size(), {}}, {}, search.tokens()};
  GRU_RETURN_IF_ERROR(graph.load_partial(
      device, {parts_.target, tokens, source_pass_, search.sources()}, step_pass_));
  if (has_states_) graph.begin_with(parts_.each_step, states_, step_pass_);
  GRU_RETURN_IF_ERROR(model_->forward_layers(parts_.each_step, abort, step_pass_));
  const DeviceMatrix<const float> values = graph.output(step_pass_, parts_.output).values;
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
  return model_->graph().gather_states(device, step_pass_, parts_.each_step, parents_.span(),
                                       states_);
}

Status Decoder::run(const DecodeCall& call, std::vector<std::vector<Hypothesis>>& results) {
  GRU_RETURN_IF_ERROR(check(call.options));
  GRU_RETURN_IF_ERROR(read_sources(call));
  BeamSearch search(call.options, batch_of(call.inputs));
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
