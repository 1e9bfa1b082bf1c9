#include "layers/attention.h"

#include <cmath>

#include "device/sequence_table.h"

namespace gru {

namespace {

struct KeptAttention final : LayerPass {
  SequenceTable query_rows;
  SequenceTable memory_rows;
  SequenceMatch to_memory;
  SequenceMatch to_query;
  Buffer<float> query;            ///< W_q s [query's rows, size]
  Buffer<float> key;              ///< W_k E [memory's rows, size], with additive
  std::uint64_t key_version = 0;  ///< of the memory that the key was computed of
  Buffer<float> weights;          ///< [query's rows, memory's steps]
  // Of backward:
  Buffer<float> d_scores;
  Buffer<float> d_query;
  Buffer<float> d_key;
  Buffer<float> d_score_rows;

  std::size_t held_bytes() const override {
    return query_rows.held_bytes() + memory_rows.held_bytes() + to_memory.held_bytes() +
           to_query.held_bytes() +
           bytes_of(query, key, weights, d_scores, d_query, d_key, d_score_rows);
  }
  Status load(const LayerForward& call) {
    const Sequence& query_edge = *call.inputs[0];
    const Sequence& memory = *call.inputs[1];
    const RowMap& query_map = query_edge.rows->map();
    const RowMap& memory_map = memory.rows->map();
    GRU_RETURN_IF_ERROR(query_rows.load(call.device, query_map, query_edge.every));
    GRU_RETURN_IF_ERROR(memory_rows.load(call.device, memory_map, memory.every));
    GRU_RETURN_IF_ERROR(to_memory.load(call.device, query_map, memory_map, call.other_sequences));
    // Backward alone goes the other way, and it knows one batch.
    return call.other_sequences.empty() ? to_query.load(call.device, memory_map, query_map)
                                        : Status();
  }
  AttentionRows rows() const {
    return {query_rows.rows(), memory_rows.rows(), to_memory.positions(), to_query.positions()};
  }
};

KeptAttention& kept_in(LayerPass* pass) { return static_cast<KeptAttention&>(*pass); }

DeviceMatrix<float> matrix_in(Buffer<float>& buffer, std::size_t rows, std::size_t columns) {
  return {buffer.span().data(), rows, columns, columns};
}

Status reserve(Device& device, Buffer<float>& buffer, std::size_t rows, std::size_t columns,
               DeviceMatrix<float>& matrix) {
  GRU_RETURN_IF_ERROR(buffer.reserve(device, CheckedSize(rows) * columns));
  matrix = matrix_in(buffer, rows, columns);
  return {};
}

/// Memory for gradients that are added up: it starts at zero.
Status reserve_zeros(Device& device, Buffer<float>& buffer, std::size_t rows, std::size_t columns,
                     DeviceMatrix<float>& matrix) {
  GRU_RETURN_IF_ERROR(reserve(device, buffer, rows, columns, matrix));
  return device.fill(matrix, 0);
}

Status open_sum(Device& device, SequenceGradient& gradient, DeviceMatrix<float>& sum) {
  if (!gradient.wanted()) return {};
  bool add = false;
  GRU_RETURN_IF_ERROR(gradient.open(device, sum, add));
  return add ? Status() : device.fill(sum, 0);
}

InitialValues initial_for(std::size_t width) {
  return InitialValues::uniform(1 / std::sqrt(static_cast<double>(width)));
}

}  // namespace

Status Attention::declare(std::span<const EdgeShape> inputs, const LayerName& name,
                          ParameterLayout& layout, EdgeShape& output) {
  GRU_RETURN_IF_ERROR(check_values(name.option("query"), inputs[0]));
  GRU_RETURN_IF_ERROR(check_values(name.option("memory"), inputs[1]));
  if (inputs[1].every != Every::step) {
    return Status::value(name.option("memory") +
                         ": expected a row for each step, got one row for each sequence");
  }
  query_width_ = inputs[0].width;
  memory_width_ = inputs[1].width;
  if (is_additive()) GRU_RETURN_IF_ERROR(check_layer_size(name.option("size"), options_.size));
  size_ = is_additive() ? options_.size : memory_width_;
  scale_ = static_cast<float>(1 / std::sqrt(static_cast<double>(memory_width_)));
  output = with_width(inputs[0], memory_width_);
  GRU_RETURN_IF_ERROR(layout.append(name.tensor("query.weight"), {size_, query_width_},
                                    initial_for(query_width_), query_weight_));
  if (!is_additive()) return {};
  GRU_RETURN_IF_ERROR(layout.append(name.tensor("key.weight"), {size_, memory_width_},
                                    initial_for(memory_width_), key_weight_));
  return layout.append(name.tensor("score.weight"), {1, size_}, initial_for(size_), score_weight_);
}

Status Attention::load(Device& device, DeviceSpan<const float> parameters) {
  GRU_RETURN_IF_ERROR(loaded_query_.load(device, query_weight(parameters)));
  return is_additive() ? loaded_key_.load(device, key_weight(parameters)) : Status();
}

std::unique_ptr<LayerPass> Attention::make_pass() const {
  return std::make_unique<KeptAttention>();
}

Status Attention::forward(const LayerForward& call) {
  KeptAttention& kept = kept_in(call.pass);
  const Sequence& query = *call.inputs[0];
  const Sequence& memory = *call.inputs[1];
  GRU_RETURN_IF_ERROR(kept.load(call));
  AttentionForward attention;
  attention.rows = kept.rows();
  attention.score = score(call.parameters);
  attention.scale = scale_;
  attention.memory = memory.values;
  attention.key = memory.values;
  attention.output = call.output;
  DeviceMatrix<float> compared;
  GRU_RETURN_IF_ERROR(reserve(call.device, kept.query, query.row_count(), size_, compared));
  GRU_RETURN_IF_ERROR(loaded_query_.multiply_rows(call, query.values, {}, compared));
  attention.query = compared;
  if (is_additive()) {
    GRU_RETURN_IF_ERROR(compute_key(call, kept.key, kept.key_version));
    attention.key = matrix_in(kept.key, memory.row_count(), size_);
  }
  GRU_RETURN_IF_ERROR(reserve(call.device, kept.weights, query.row_count(),
                              attention.rows.memory.steps, attention.weights));
  return call.device.attention_forward(attention);
}

/// Steps that are computed one by one attend to the same memory, whose key stays.
Status Attention::compute_key(const LayerForward& call, Buffer<float>& key,
                              std::uint64_t& version) const {
  const Sequence& memory = *call.inputs[1];
  if (version == memory.version) return {};
  DeviceMatrix<float> computed;
  GRU_RETURN_IF_ERROR(reserve(call.device, key, memory.row_count(), size_, computed));
  GRU_RETURN_IF_ERROR(loaded_key_.multiply_rows(call, memory.values, {}, computed));
  version = memory.version;
  return {};
}

Status Attention::backward(const LayerBackward& call) {
  KeptAttention& kept = kept_in(call.pass);
  const Sequence& query = *call.inputs[0];
  const Sequence& memory = *call.inputs[1];
  const std::size_t rows = query.row_count();
  AttentionBackward attention;
  attention.rows = kept.rows();
  const std::size_t steps = attention.rows.memory.steps;
  attention.score = score(call.parameters);
  attention.scale = scale_;
  attention.memory = memory.values;
  attention.query = matrix_in(kept.query, rows, size_);
  attention.weights = matrix_in(kept.weights, rows, steps);
  attention.d_output = call.d_output.values();
  GRU_RETURN_IF_ERROR(reserve(call.device, kept.d_scores, rows, steps, attention.d_scores));
  GRU_RETURN_IF_ERROR(reserve(call.device, kept.d_query, rows, size_, attention.d_query));
  GRU_RETURN_IF_ERROR(open_sum(call.device, *call.d_inputs[1], attention.d_memory));
  if (is_additive()) {
    attention.key = matrix_in(kept.key, memory.row_count(), size_);
    GRU_RETURN_IF_ERROR(
        reserve_zeros(call.device, kept.d_key, memory.row_count(), size_, attention.d_key));
    GRU_RETURN_IF_ERROR(
        reserve(call.device, kept.d_score_rows, rows, size_, attention.d_score_rows));
  } else {
    attention.key = memory.values;
    attention.d_key = attention.d_memory;
  }
  GRU_RETURN_IF_ERROR(call.device.attention_backward(attention));

  if (is_additive()) {
    GRU_RETURN_IF_ERROR(call.device.column_sums(score(call.gradients), attention.d_score_rows));
    GRU_RETURN_IF_ERROR(
        weight_gradient(call.device, attention.d_key, memory.values, key_weight(call.gradients)));
    GRU_RETURN_IF_ERROR(input_gradient(call.device, attention.d_key, key_weight(call.parameters),
                                       *call.d_inputs[1]));
  }
  GRU_RETURN_IF_ERROR(
      weight_gradient(call.device, attention.d_query, query.values, query_weight(call.gradients)));
  return input_gradient(call.device, attention.d_query, query_weight(call.parameters),
                        *call.d_inputs[0]);
}

}  // namespace gru
