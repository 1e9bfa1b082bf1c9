#include "reference/model.h"

#include <algorithm>
#include <utility>

#include "base/parameters.h"
#include "reference/algebra.h"
#include "reference/gru.h"
#include "reference/layers.h"
#include "reference/losses.h"

namespace gru {

using reference::check_count;
using reference::Gradients;
using reference::Values;

namespace {

/// The three parts of the flat vector of a model's parameters, or of their gradients.
template <class Span>
struct Parts {
  Span embedding_weight;  // [tokens, E], or empty
  Span gru;               // as ParameterLayout::of_gru lays it out
  Span head_weight;       // [O, D*H]
  Span head_bias;         // [O]

  Parts(const ModelOptions& options, const ParameterLayout& layout, Span flat) {
    const std::size_t gru_begin = layout.gru(0, 0).weight_ih;
    if (options.input == InputKind::tokens) {
      embedding_weight = flat.subspan(layout.embedding_weight(), gru_begin);
    }
    gru = flat.subspan(gru_begin, layout.head_weight() - gru_begin);
    head_weight = flat.subspan(layout.head_weight(), layout.head_bias() - layout.head_weight());
    head_bias = flat.subspan(layout.head_bias(), options.output_size);
  }
};

/// What one forward pass of a model makes.
struct ModelPass {
  std::vector<double> input;  // [T, B, I]: the features, or the tokens' embeddings
  ReferencePass gru;
  std::vector<double> head_input;   // [rows, D*H]
  std::vector<double> predictions;  // [rows, O]
  std::vector<std::uint8_t> valid;  // [rows]
  ReferenceLinearSizes head;
};

Status read_input(const ModelOptions& options, Values embedding_weight, const ReferenceBatch& batch,
                  std::vector<double>& input) {
  if (options.input == InputKind::features) {
    input.assign(batch.features.begin(), batch.features.end());
    return {};
  }
  GRU_RETURN_IF_ERROR(check_count("tokens", "steps*batch", CheckedSize(batch.steps) * batch.batch,
                                  batch.tokens.size()));
  return reference_embedding_forward(options.gru.input_size, embedding_weight, batch.tokens, input);
}

/// Every::step: output [T, B, D*H], a row valid before its sequence's length.
void select_every_step(const ReferencePass& gru, ModelPass& pass) {
  pass.head_input = gru.output;
  for (std::size_t t = 0; t < gru.steps; ++t) {
    for (const std::size_t length : gru.lengths) pass.valid.push_back(t < length ? 1 : 0);
  }
}

/// The place in state [L*D, B, H] of the top layer's final state of sequence b.
std::size_t top_state(const GruOptions& options, std::size_t direction, std::size_t batch,
                      std::size_t b) {
  const std::size_t top = (options.num_layers - 1) * options.num_directions();
  return ((top + direction) * batch + b) * options.hidden_size;
}

/// Every::last: [B, D*H], the top layer's final states, forward then reverse.
void select_last(const GruOptions& options, const ReferencePass& gru, ModelPass& pass) {
  const std::size_t batch = gru.lengths.size();
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t d = 0; d < options.num_directions(); ++d) {
      const Values h =
          Values(gru.state).subspan(top_state(options, d, batch, b), options.hidden_size);
      pass.head_input.insert(pass.head_input.end(), h.begin(), h.end());
    }
    pass.valid.push_back(gru.lengths[b] > 0 ? 1 : 0);
  }
}

/// The gradient of select_last: from d_head_input [B, D*H] to d_state [L*D, B, H].
std::vector<double> scatter_last(const GruOptions& options, const ReferencePass& gru,
                                 const std::vector<double>& d_head_input) {
  const std::size_t batch = gru.lengths.size();
  std::vector<double> d_state(gru.state.size(), 0.0);
  Values rest = d_head_input;
  for (std::size_t b = 0; b < batch; ++b) {
    for (std::size_t d = 0; d < options.num_directions(); ++d) {
      reference::add(
          rest.first(options.hidden_size),
          Gradients(d_state).subspan(top_state(options, d, batch, b), options.hidden_size));
      rest = rest.subspan(options.hidden_size);
    }
  }
  return d_state;
}

Status model_forward(const ModelOptions& options, const Parts<Values>& parts,
                     const ReferenceBatch& batch, ModelPass& pass) {
  GRU_RETURN_IF_ERROR(read_input(options, parts.embedding_weight, batch, pass.input));
  const ReferenceInput input{batch.steps, batch.batch,   pass.input,
                             {},          batch.lengths, batch.dropout_mask};
  GRU_RETURN_IF_ERROR(reference_gru_forward(options.gru, parts.gru, input, pass.gru));
  if (options.every == Every::step) {
    select_every_step(pass.gru, pass);
  } else {
    select_last(options.gru, pass.gru, pass);
  }
  pass.head = {pass.valid.size(), options.gru.output_size(), options.output_size};
  GRU_RETURN_IF_ERROR(reference_linear_forward(pass.head, parts.head_weight, parts.head_bias,
                                               pass.head_input, pass.predictions));
  for (std::size_t i = 0; i < pass.predictions.size(); ++i) {
    if (pass.valid[i / options.output_size] == 0) pass.predictions[i] = 0;
  }
  return {};
}

Status model_loss(const ModelOptions& options, const ReferenceBatch& batch, const ModelPass& pass,
                  ReferenceLoss& loss) {
  const ReferenceRows rows{pass.valid.size(), options.output_size, pass.valid};
  return options.loss == LossKind::cross_entropy
             ? reference_cross_entropy(rows, pass.predictions, batch.classes, loss)
             : reference_mean_squared_error(rows, pass.predictions, batch.values, loss);
}

Status model_backward(const ModelOptions& options, const Parts<Values>& parts,
                      const ReferenceBatch& batch, const ModelPass& pass,
                      const std::vector<double>& d_predictions, Parts<Gradients> d_parts) {
  ReferenceLinearGradients d_head;
  GRU_RETURN_IF_ERROR(reference_linear_backward(pass.head, parts.head_weight, pass.head_input,
                                                d_predictions, d_head));
  std::ranges::copy(d_head.weight, d_parts.head_weight.begin());
  std::ranges::copy(d_head.bias, d_parts.head_bias.begin());

  std::vector<double> d_output;
  std::vector<double> d_state;
  if (options.every == Every::step) {
    d_output = std::move(d_head.input);
  } else {
    d_state = scatter_last(options.gru, pass.gru, d_head.input);
  }
  ReferenceGradients d_gru;
  GRU_RETURN_IF_ERROR(
      reference_gru_backward(options.gru, parts.gru, pass.gru, d_output, d_state, d_gru));
  std::ranges::copy(d_gru.parameters, d_parts.gru.begin());
  if (options.input == InputKind::features) return {};

  std::vector<double> d_weight;
  GRU_RETURN_IF_ERROR(reference_embedding_backward(options.gru.input_size, options.tokens,
                                                   batch.tokens, d_gru.input, d_weight));
  std::ranges::copy(d_weight, d_parts.embedding_weight.begin());
  return {};
}

Status lay_out(const ModelOptions& options, Values parameters, ParameterLayout& layout) {
  GRU_RETURN_IF_ERROR(ParameterLayout::of_model(options, layout));
  return check_count("parameters", "the layout's count", layout.count(), parameters.size());
}

}  // namespace

Status reference_model_predict(const ModelOptions& options, Values parameters,
                               const ReferenceBatch& batch, std::vector<double>& predictions) {
  return guarded([&]() -> Status {
    ParameterLayout layout;
    GRU_RETURN_IF_ERROR(lay_out(options, parameters, layout));
    ModelPass pass;
    GRU_RETURN_IF_ERROR(model_forward(options, {options, layout, parameters}, batch, pass));
    predictions = std::move(pass.predictions);
    return {};
  });
}

Status reference_model_gradients(const ModelOptions& options, Values parameters,
                                 const ReferenceBatch& batch, ReferenceModelGradients& result) {
  return guarded([&]() -> Status {
    ParameterLayout layout;
    GRU_RETURN_IF_ERROR(lay_out(options, parameters, layout));
    const Parts<Values> parts(options, layout, parameters);
    ModelPass pass;
    GRU_RETURN_IF_ERROR(model_forward(options, parts, batch, pass));
    ReferenceLoss loss;
    GRU_RETURN_IF_ERROR(model_loss(options, batch, pass, loss));

    ReferenceModelGradients made{loss.loss, std::vector<double>(layout.count(), 0.0)};
    const Parts<Gradients> d_parts(options, layout, Gradients(made.parameters));
    GRU_RETURN_IF_ERROR(model_backward(options, parts, batch, pass, loss.gradient, d_parts));
    result = std::move(made);
    return {};
  });
}

Status reference_model_step(const ModelOptions& options, const OptimizerOptions& optimizer,
                            const ClipOptions& clip, const ReferenceBatch& batch,
                            Gradients parameters, ReferenceOptimizerState& state,
                            ReferenceStep& result) {
  ReferenceModelGradients gradients;
  GRU_RETURN_IF_ERROR(reference_model_gradients(options, parameters, batch, gradients));
  result.loss = gradients.loss;
  result.gradient_norm = reference_clip(clip, gradients.parameters);
  return reference_update(optimizer, gradients.parameters, state, parameters);
}

}  // namespace gru
