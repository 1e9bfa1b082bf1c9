#include "reference/attention.h"
#include "reference/graph_layers.h"

/// Layers that process whole sequences.
namespace gru::reference {

// ---- Select

namespace {

/// The index in the states [L*D, B, H] of value j of sequence b. The values are the top layer's
/// final states, forward then reverse.
std::size_t top_state(const ReferenceEdge& from, std::size_t b, std::size_t j) {
  const std::size_t directions = from.recurrent.layers.back().directions.size();
  const std::size_t hidden = from.width / directions;
  const std::size_t blocks = from.recurrent.state.size() / (from.batch * hidden);
  return ((blocks - directions + j / hidden) * from.batch + b) * hidden + j % hidden;
}

bool reads_states(const SelectOptions& options, const ReferenceEdge& from) {
  return options.step == SelectStep::last && !from.recurrent.state.empty();
}

/// Each value of the output is a sum of factor * value of the input or its states. Calls part(index
/// in the output, index in the input or its states, factor) for each term.
template <class Part>
void for_each_part(const SelectOptions& options, const ReferenceEdge& from, const Part& part) {
  const bool states = reads_states(options, from);
  const bool last = options.step == SelectStep::last;
  for (std::size_t i = 0; i < from.batch * from.width; ++i) {
    const std::size_t b = i / from.width;
    const std::size_t j = i % from.width;
    const std::size_t length = from.lengths[b];
    if (states && length > 0) part(i, top_state(from, b, j), 1.0);
    const std::size_t first = last && length > 0 ? length - 1 : 0;
    for (std::size_t t = first; t < length && !states; ++t) {
      part(i, (t * from.batch + b) * from.width + j, last ? 1.0 : 1 / static_cast<double>(length));
    }
  }
}

}  // namespace

Status forward(const SelectOptions& options, const Forward& call) {
  const ReferenceEdge& from = *call.inputs[0];
  const Values source = reads_states(options, from) ? from.recurrent.state : from.values;
  call.output.every = Every::last;
  call.output.values.assign(from.batch * from.width, 0.0);
  for_each_part(options, from, [&](std::size_t to, std::size_t index, double factor) {
    call.output.values[to] += factor * source[index];
  });
  return {};
}

Status backward(const SelectOptions& options, const Backward& call) {
  const ReferenceEdge& from = *call.inputs[0];
  EdgeGradient& d_input = *call.d_inputs[0];
  std::vector<double>& target = reads_states(options, from) ? d_input.state : d_input.values;
  for_each_part(options, from, [&](std::size_t to, std::size_t index, double factor) {
    target[index] += factor * call.d_output.values[to];
  });
  return {};
}

// ---- Attention

namespace {

/// The valid rows of sequence b, one after another.
std::vector<double> rows_of(const ReferenceEdge& edge, const std::vector<double>& values,
                            std::size_t b) {
  const std::vector<std::uint8_t> valid = valid_rows(edge);
  std::vector<double> rows;
  for (std::size_t row = b; row < valid.size(); row += edge.batch) {
    if (valid[row] == 0) continue;
    const Values values_of_row = Values(values).subspan(row * edge.width, edge.width);
    rows.insert(rows.end(), values_of_row.begin(), values_of_row.end());
  }
  return rows;
}

/// Adds such rows at the positions that they came from.
void add_rows(const ReferenceEdge& edge, Values rows, std::size_t b, std::vector<double>& values) {
  const std::vector<std::uint8_t> valid = valid_rows(edge);
  for (std::size_t row = b; row < valid.size(); row += edge.batch) {
    if (valid[row] == 0) continue;
    add(rows.first(edge.width), Gradients(values).subspan(row * edge.width, edge.width));
    rows = rows.subspan(edge.width);
  }
}

ReferenceAttentionSizes sizes_of(const AttentionOptions& options,
                                 std::span<const ReferenceEdge* const> inputs) {
  return {options.score, inputs[0]->width, inputs[1]->width, options.size};
}

}  // namespace

Status forward(const AttentionOptions& options, const Forward& call) {
  const ReferenceEdge& query = *call.inputs[0];
  const ReferenceEdge& memory = *call.inputs[1];
  call.output.values.assign(valid_rows(query).size() * memory.width, 0.0);
  for (std::size_t b = 0; b < query.batch; ++b) {
    add_rows(call.output,
             reference_attention_forward(sizes_of(options, call.inputs), call.parameters,
                                         rows_of(query, query.values, b),
                                         rows_of(memory, memory.values, b)),
             b, call.output.values);
  }
  return {};
}

Status backward(const AttentionOptions& options, const Backward& call) {
  const ReferenceEdge& query = *call.inputs[0];
  const ReferenceEdge& memory = *call.inputs[1];
  for (std::size_t b = 0; b < query.batch; ++b) {
    const std::vector<double> query_rows = rows_of(query, query.values, b);
    const std::vector<double> memory_rows = rows_of(memory, memory.values, b);
    std::vector<double> d_query(query_rows.size(), 0.0);
    std::vector<double> d_memory(memory_rows.size(), 0.0);
    reference_attention_backward(sizes_of(options, call.inputs), call.parameters, query_rows,
                                 memory_rows, rows_of(call.output, call.d_output.values, b),
                                 {call.d_parameters, d_query, d_memory});
    add_rows(query, d_query, b, call.d_inputs[0]->values);
    add_rows(memory, d_memory, b, call.d_inputs[1]->values);
  }
  return {};
}

}  // namespace gru::reference
