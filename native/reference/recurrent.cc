#include "reference/recurrent.h"

#include <algorithm>
#include <string>
#include <utility>
#include <variant>

#include "base/checks.h"
#include "reference/algebra.h"

namespace gru {

namespace {

using reference::CellGradients;
using reference::Gradients;
using reference::GruActivations;
using reference::GruCell;
using reference::LstmActivations;
using reference::LstmCell;
using reference::State;
using reference::Values;

struct Sizes {
  std::size_t T = 0;  // steps
  std::size_t B = 0;  // batch
  std::size_t I = 0;  // input_size, of layer 0
  std::size_t H = 0;  // hidden_size
  std::size_t L = 0;  // num_layers
  std::size_t D = 0;  // num_directions
  std::size_t S = 0;  // states: 2 with a cell state

  Sizes(const RecurrentOptions& options, std::size_t steps, std::size_t batch)
      : T(steps),
        B(batch),
        I(options.input_size),
        H(options.hidden_size),
        L(options.num_layers),
        D(options.num_directions()),
        S(options.spec().states) {}

  std::size_t output_count() const { return T * B * D * H; }
  std::size_t state_count() const { return L * D * B * H; }
  std::size_t cell_count() const { return (S - 1) * state_count(); }
};

/// The four tensors of one direction of one layer within the flat vector, as spans of it.
struct TensorSpans {
  std::size_t gates;
  std::size_t input_size;
  std::size_t hidden_size;
  bool bias;
  std::size_t offset = 0;  // of the first of the four

  TensorSpans(const RecurrentOptions& options, std::size_t layer, std::size_t direction)
      : gates(options.spec().gates * options.hidden_size),
        input_size(options.layer_input_size(layer)),
        hidden_size(options.hidden_size),
        bias(options.bias) {
    for (std::size_t l = 0; l < layer; ++l) {
      offset += options.num_directions() * gates *
                (options.layer_input_size(l) + hidden_size + (bias ? 2 : 0));
    }
    offset += direction * count();
  }

  std::size_t count() const { return gates * (input_size + hidden_size + (bias ? 2 : 0)); }

  template <class Span>
  Span weight_ih(Span flat) const {
    return flat.subspan(offset, gates * input_size);
  }
  template <class Span>
  Span weight_hh(Span flat) const {
    return flat.subspan(offset + gates * input_size, gates * hidden_size);
  }
  template <class Span>
  Span bias_ih(Span flat) const {
    return bias ? flat.subspan(offset + gates * (input_size + hidden_size), gates) : Span();
  }
  template <class Span>
  Span bias_hh(Span flat) const {
    return bias ? flat.subspan(offset + gates * (input_size + hidden_size + 1), gates) : Span();
  }

  GruCell gru(const RecurrentOptions& options, Values flat) const {
    return {options.variant, hidden_size,   weight_ih(flat),
            weight_hh(flat), bias_ih(flat), bias_hh(flat)};
  }
  LstmCell lstm(Values flat) const {
    return {hidden_size, weight_ih(flat), weight_hh(flat), bias_ih(flat), bias_hh(flat)};
  }
  CellGradients gradients(Gradients flat) const {
    return {weight_ih(flat), weight_hh(flat), bias_ih(flat), bias_hh(flat)};
  }
};

/// The step in time that a sequence of `length` reads as its s-th. The reverse direction starts at
/// its last step.
std::size_t time_of(std::size_t direction, std::size_t s, std::size_t length) {
  return direction == 0 ? s : length - 1 - s;
}

/// Row (t, b) of a tensor [T, B, width].
template <class Span>
Span row(Span tensor, std::size_t t, std::size_t b, std::size_t B, std::size_t width) {
  return tensor.subspan((t * B + b) * width, width);
}

// ---- One direction of one layer
// -------------------------------------------------------------------

/// The states of all sequences of a direction, or their gradients.
struct States {
  Gradients h;  // [B, H]
  Gradients c;  // [B, H], or empty

  State of(std::size_t b, std::size_t H) const {
    const auto copy = [&](Gradients from) {
      if (from.empty()) return std::vector<double>();
      const Gradients own = from.subspan(b * H, H);
      return std::vector<double>(own.begin(), own.end());
    };
    return {copy(h), copy(c)};
  }
  void set(std::size_t b, std::size_t H, const State& state) const {
    std::ranges::copy(state.h, h.subspan(b * H).begin());
    if (!c.empty()) std::ranges::copy(state.c, c.subspan(b * H).begin());
  }
};

/// The inputs of one direction of one layer.
struct DirectionInput {
  const Sizes& size;
  std::size_t direction;
  std::span<const std::size_t> lengths;
  Values x;  ///< [T, B, I]

  std::size_t width() const { return x.size() / std::max<std::size_t>(size.T * size.B, 1); }
};

/// Reads the initial states in `states`; leaves the final ones there, and its outputs in columns
/// [direction*H, (direction + 1)*H) of y [T, B, D*H].
template <class Cell, class Activations>
void direction_forward(const Cell& cell, const DirectionInput& input, const States& states,
                       Gradients y, std::vector<Activations>& kept) {
  const auto& [size, direction, lengths, x] = input;
  const std::size_t H = size.H;
  const std::size_t I = input.width();
  kept.resize(size.T * size.B);
  for (std::size_t b = 0; b < size.B; ++b) {
    State state = states.of(b, H);
    for (std::size_t s = 0; s < lengths[b]; ++s) {
      const std::size_t t = time_of(direction, s, lengths[b]);
      Activations& step = kept[t * size.B + b];
      step.before = std::move(state);
      state = cell_forward(cell, row(x, t, b, size.B, I), step);
      std::ranges::copy(state.h,
                        row(y, t, b, size.B, size.D * H).subspan(direction * H, H).begin());
    }
    states.set(b, H, state);
  }
}

/// The gradients that one direction adds to.
struct DirectionGradients {
  Gradients x;  ///< [T, B, I]
  const CellGradients& cell;
};

/// Reads dy [T, B, D*H] and the final states' gradients in `d_states`; leaves the initial states'
/// there, and adds the gradients of x [T, B, I] and of the parameters.
template <class Cell, class Activations>
void direction_backward(const Cell& cell, const DirectionInput& input,
                        const std::vector<Activations>& kept, Values dy, const States& d_states,
                        DirectionGradients gradients) {
  const auto& [size, direction, lengths, x] = input;
  const auto& [dx, d_cell] = gradients;
  const std::size_t H = size.H;
  const std::size_t I = input.width();
  for (std::size_t b = 0; b < size.B; ++b) {
    State d_state = d_states.of(b, H);
    for (std::size_t s = lengths[b]; s-- > 0;) {
      const std::size_t t = time_of(direction, s, lengths[b]);
      reference::add(row(dy, t, b, size.B, size.D * H).subspan(direction * H, H), d_state.h);
      d_state = cell_backward(cell, row(x, t, b, size.B, I), kept[t * size.B + b], d_state,
                              row(dx, t, b, size.B, I), d_cell);
    }
    d_states.set(b, H, d_state);
  }
}

/// One layer and direction of a stack, with the position of its states among all states.
struct Direction {
  const RecurrentOptions& options;
  const Sizes& size;
  std::size_t layer;
  std::size_t number;

  TensorSpans tensors() const { return {options, layer, number}; }
  States states(Gradients h, Gradients c) const {
    const std::size_t count = size.B * size.H;
    const std::size_t offset = (layer * size.D + number) * count;
    return {h.subspan(offset, count), c.empty() ? c : c.subspan(offset, count)};
  }
  ReferenceDirectionPass new_pass() const {
    if (options.cell == CellKind::lstm) return std::vector<LstmActivations>();
    return std::vector<GruActivations>();
  }
  /// The cell whose activations these are.
  LstmCell cell_of(Values parameters, const std::vector<LstmActivations>&) const {
    return tensors().lstm(parameters);
  }
  GruCell cell_of(Values parameters, const std::vector<GruActivations>&) const {
    return tensors().gru(options, parameters);
  }
};

// ---- The stack
// ------------------------------------------------------------------------------------

/// Multiplies the output of `layer`, or its gradient, by the mask: dropout and its backward are the
/// same.
void apply_dropout(const DropoutMask& mask, std::size_t layer, Gradients values) {
  DropoutMask layer_mask = mask;
  layer_mask.stream += layer;
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] *= static_cast<double>(layer_mask.scale(i));
  }
}

Status check_parameters(const RecurrentOptions& options, std::span<const double> parameters) {
  if (options.input_size == 0 || options.hidden_size == 0 || options.num_layers == 0) {
    return Status::value("hiddenSize: expected sizes of at least 1, got 0");
  }
  return reference::check_count("parameters", "the tensors' count",
                                reference_recurrent_parameter_count(options), parameters.size());
}

Status check_input(const RecurrentOptions& options, const ReferenceInput& input) {
  const Sizes size(options, input.steps, input.batch);
  const CheckedSize rows = CheckedSize(size.T) * size.B;
  GRU_RETURN_IF_ERROR(
      reference::check_count("input", "steps*batch*inputSize", rows * size.I, input.input.size()));
  GRU_RETURN_IF_ERROR(reference::check_optional_count(
      "initialState", "numLayers*directions*batch*hiddenSize",
      CheckedSize(size.L) * size.D * size.B * size.H, input.initial_state.size()));
  GRU_RETURN_IF_ERROR(reference::check_optional_count(
      "initialCell", "cellStates*numLayers*directions*batch*hiddenSize",
      CheckedSize(size.S - 1) * size.L * size.D * size.B * size.H, input.initial_cell.size()));
  if (!(rows * size.D * size.H).elements()) {
    return Status::shape(std::string("input: expected an output of at most ") + max_elements_name +
                         " values, got sizes beyond it");
  }
  const float probability = input.dropout_mask.probability;
  if (!(probability >= 0 && probability < 1)) {
    return Status::value("dropout: expected a number from 0 to less than 1, got " +
                         text_of(probability));
  }
  return {};
}

Status check_pass(const RecurrentOptions& options, const ReferencePass& pass) {
  const Sizes size(options, pass.steps, pass.lengths.size());
  const std::size_t cell = options.cell == CellKind::lstm ? 1 : 0;
  bool fits = pass.layers.size() == size.L && pass.output.size() == size.output_count() &&
              pass.state.size() == size.state_count() && pass.cell.size() == size.cell_count();
  for (std::size_t l = 0; fits && l < size.L; ++l) {
    fits = pass.layers[l].directions.size() == size.D &&
           pass.layers[l].directions[0].index() == cell &&
           pass.layers[l].input.size() == size.T * size.B * options.layer_input_size(l);
  }
  return fits ? Status() : Status::shape("pass: expected a forward pass of the same options");
}

}  // namespace

Status reference_lengths(std::size_t steps, std::size_t batch,
                         std::span<const std::int32_t> lengths, std::vector<std::size_t>& full) {
  GRU_RETURN_IF_ERROR(reference::check_optional_count("lengths", "batch", batch, lengths.size()));
  for (const std::int32_t length : lengths) {
    if (length < 0 || static_cast<std::size_t>(length) > steps) {
      return Status::value("lengths: expected integers from 0 to steps = " + std::to_string(steps) +
                           ", got " + std::to_string(length));
    }
  }
  full.assign(batch, steps);
  std::ranges::transform(lengths, full.begin(),
                         [](std::int32_t length) { return static_cast<std::size_t>(length); });
  return {};
}

std::size_t reference_recurrent_parameter_count(const RecurrentOptions& options) {
  const TensorSpans last(options, options.num_layers - 1, options.num_directions() - 1);
  return last.offset + last.count();
}

Status reference_recurrent_forward(const RecurrentOptions& options,
                                   std::span<const double> parameters, const ReferenceInput& input,
                                   ReferencePass& pass) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_parameters(options, parameters));
    GRU_RETURN_IF_ERROR(check_input(options, input));
    ReferencePass made;
    GRU_RETURN_IF_ERROR(reference_lengths(input.steps, input.batch, input.lengths, made.lengths));
    made.steps = input.steps;
    made.dropout_mask = input.dropout_mask;

    const Sizes size(options, input.steps, input.batch);
    made.state.assign(size.state_count(), 0.0);
    std::ranges::copy(input.initial_state, made.state.begin());
    made.cell.assign(size.cell_count(), 0.0);
    std::ranges::copy(input.initial_cell, made.cell.begin());

    std::vector<double> x(input.input.begin(), input.input.end());  // [T, B, I or D*H]
    for (std::size_t l = 0; l < size.L; ++l) {
      ReferenceLayerPass& layer = made.layers.emplace_back();
      layer.input = std::move(x);
      std::vector<double> y(size.output_count(), 0.0);  // [T, B, D*H]
      for (std::size_t d = 0; d < size.D; ++d) {
        const Direction direction{options, size, l, d};
        const States states = direction.states(made.state, made.cell);
        const auto run = [&](auto& kept) {
          direction_forward(direction.cell_of(parameters, kept),
                            {size, d, made.lengths, layer.input}, states, y, kept);
        };
        std::visit(run, layer.directions.emplace_back(direction.new_pass()));
      }
      if (l + 1 < size.L) apply_dropout(made.dropout_mask, l, y);
      x = std::move(y);
    }
    made.output = std::move(x);
    pass = std::move(made);
    return {};
  });
}

Status reference_recurrent_backward(const RecurrentOptions& options,
                                    std::span<const double> parameters, const ReferencePass& pass,
                                    const ReferenceOutputGradients& of,
                                    ReferenceGradients& gradients) {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_parameters(options, parameters));
    GRU_RETURN_IF_ERROR(check_pass(options, pass));
    const Sizes size(options, pass.steps, pass.lengths.size());
    GRU_RETURN_IF_ERROR(reference::check_optional_count(
        "dOutput", "steps*batch*directions*hiddenSize", size.output_count(), of.d_output.size()));
    GRU_RETURN_IF_ERROR(reference::check_optional_count(
        "dState", "numLayers*directions*batch*hiddenSize", size.state_count(), of.d_state.size()));
    GRU_RETURN_IF_ERROR(
        reference::check_optional_count("dCell", "cellStates*numLayers*directions*batch*hiddenSize",
                                        size.cell_count(), of.d_cell.size()));

    ReferenceGradients made;
    made.parameters.assign(parameters.size(), 0.0);
    made.initial_state.assign(size.state_count(), 0.0);
    std::ranges::copy(of.d_state, made.initial_state.begin());
    made.initial_cell.assign(size.cell_count(), 0.0);
    std::ranges::copy(of.d_cell, made.initial_cell.begin());

    std::vector<double> dy(size.output_count(), 0.0);  // [T, B, D*H]
    std::ranges::copy(of.d_output, dy.begin());
    for (std::size_t l = size.L; l-- > 0;) {
      const ReferenceLayerPass& layer = pass.layers[l];
      if (l + 1 < size.L) apply_dropout(pass.dropout_mask, l, dy);
      std::vector<double> dx(layer.input.size(), 0.0);  // [T, B, I or D*H]
      for (std::size_t d = 0; d < size.D; ++d) {
        const Direction direction{options, size, l, d};
        const States d_states = direction.states(made.initial_state, made.initial_cell);
        const CellGradients own = direction.tensors().gradients(made.parameters);
        const auto run = [&](const auto& kept) {
          direction_backward(direction.cell_of(parameters, kept),
                             {size, d, pass.lengths, layer.input}, kept, dy, d_states, {dx, own});
        };
        std::visit(run, layer.directions[d]);
      }
      dy = std::move(dx);
    }
    made.input = std::move(dy);
    gradients = std::move(made);
    return {};
  });
}

}  // namespace gru
