#pragma once

#include <cstddef>
#include <cstdint>

#include "base/activation.h"
#include "base/optimizer_rates.h"

/// The only interface to the kernels. Every source in kernels/ is compiled once for each
/// instruction set. Each compilation fills one table, and one table is chosen when the library is
/// loaded.
///
/// Kernels do not use threads. Each works on the part (rows, panels, units) that its call names.
/// Its result does not depend on how the work was divided, down to the last bit.

namespace gru::cpu {

/// A block of units is one vector of hidden units. A panel is up to three vectors of columns.
struct ForwardStep {
  const float* state;  ///< h of the step before: [rows, H], `state_stride` apart
  std::size_t state_stride;
  float* cell;  ///< c of the step before on entry, of this step on return: [rows, H] (LSTM)
  std::size_t cell_stride;
  float* gates;  ///< W x + b: [rows, gates * H], `gate_stride` apart; see each kernel
  std::size_t gate_stride;
  float* output;  ///< h of this step: [rows, H], `output_stride` apart
  std::size_t output_stride;
  const float* weights;  ///< packed U (pack_gates); U_n alone for candidate_before
  const float* bias;     ///< b_hn [H], padded with zeros to whole vectors (reset after)
  float update_sign;     ///< 1 for UpdateGate::retain, -1 for replace (GRU)
  std::size_t hidden;
  std::size_t rows;
  std::size_t first_block;
  std::size_t end_block;
  bool descending;  ///< process the blocks from the last to the first
  bool prefetch;    ///< fetch the weights ahead: they do not fit the second-level cache
};

/// What the cell's backward reads and writes for its rows and units.
struct BackwardStep {
  /// On entry the reserve [rows, r|z|n|q], on return [rows, da_r|da_z|da_n|dq]; of an LSTM [rows,
  /// i|f|g|o|c'] and [rows, da_i|da_f|da_g|da_o|c'].
  float* gates;
  std::size_t gate_stride;
  const float* state;  ///< of the step before [rows, H]: h of a GRU, c of an LSTM
  std::size_t state_stride;
  const float* d_output;  ///< [rows, H], or null
  std::size_t d_output_stride;
  /// On entry the gradient of this step's h. On return, for a GRU, the part of the gradient of h
  /// before the step that does not go through U.
  float* d_state;
  std::size_t d_state_stride;
  /// On entry the gradient of this step's c, on return that of c before the step (LSTM).
  float* d_cell;
  std::size_t d_cell_stride;
  const float* d_reset_state;  ///< d(r * h) [rows, H] (reset before, second half)
  std::size_t d_reset_state_stride;
  float update_sign;
  std::size_t rows;
  std::size_t first_unit;
  std::size_t end_unit;
};

/// c[rows, columns of panels] = a[rows, depth] b (+ c) (+ bias), b packed in panels.
struct PanelProduct {
  const float* a;
  std::size_t a_stride;  ///< between rows; ignored for packed tiles
  const float* b;        ///< whole packed matrix
  std::size_t b_depth;   ///< depth that the panels were packed with
  std::size_t first_k;   ///< the part of the depth to use
  std::size_t end_k;
  float* c;
  std::size_t c_stride;
  const float* bias;  ///< [columns], or null
  bool accumulate;
  std::size_t rows;
  std::size_t columns;
  std::size_t first_panel;
  std::size_t end_panel;
  bool descending;  ///< process the panels from the last to the first
  bool prefetch;    ///< fetch b ahead: it does not fit the second-level cache
};

/// Rows of logits, and the class of each row.
struct CrossEntropyRows {
  const float* logits;
  std::size_t stride;
  std::size_t rows;
  std::size_t classes;
  const std::int32_t* targets;
  float* d_logits;  ///< may be the logits' memory; null: not wanted
  std::size_t d_stride;
  float scale;
  const float* class_weights;  ///< [classes], or null: 1
  double label_smoothing;
  const std::int32_t* ignored_class;  ///< or null: none
};

/// Neighbouring values of one row, or of several rows without a gap between them, with their
/// targets and options.
struct ValueRange {
  const float* values;
  const float* targets;  ///< from the first value on
  float* d_values;       ///< null: not wanted
  std::size_t count;
  float scale;
  float delta;                 ///< huber
  const float* quantiles;      ///< pinball: [period]
  const float* weights;        ///< binary_cross_entropy: of positive targets [period], or null: 1
  std::size_t period;          ///< quantiles and weights repeat after this many values
  std::size_t phase;           ///< index of the first value's quantile or weight
  const float* log_variances;  ///< gaussian: of the values
  float* d_log_variances;
};

/// A row-major matrix to pack.
struct PackSource {
  const float* data;
  std::size_t stride;
  std::size_t rows;
  std::size_t columns;
};

/// Panels to fill: [panel][k][columns of the panel].
struct PanelTarget {
  float* data;
  std::size_t depth;    ///< of the whole packed matrix
  std::size_t first_k;  ///< where the source begins in that depth
};

/// One pass over some of the parameters.
struct OptimizerStep : OptimizerRates {
  float* parameters = nullptr;
  const float* gradients = nullptr;
  float* first_moment = nullptr;
  float* second_moment = nullptr;
  std::size_t count = 0;
};

/// A row-major matrix that a kernel reads.
struct ConstRows {
  const float* data;
  std::size_t stride;
};
/// A row-major matrix that a kernel writes; `data` is null if it is not wanted.
struct Rows {
  float* data;
  std::size_t stride;
};

/// Rows first..end of a layer norm.
struct NormStep {
  ConstRows input;
  const float* weight;
  const float* bias;
  Rows output;
  Rows statistics;  ///< mean and 1 / sqrt(variance + 1e-5)
  std::size_t columns;
  std::size_t first;
  std::size_t end;
};
struct NormBackwardStep {
  ConstRows input;
  const float* weight;
  ConstRows statistics;
  ConstRows d_output;
  Rows d_input;
  Rows d_weight_rows;
  std::size_t columns;
  std::size_t first;
  std::size_t end;
};

/// One sequence of an attention: its step t is row first[t] + position.
struct SequenceSteps {
  const std::int32_t* first;
  std::size_t position;  ///< in the sorted batch
  std::size_t length;
};
struct AttentionStep {
  SequenceSteps query_steps;
  SequenceSteps memory_steps;
  ConstRows query;
  ConstRows key;
  const float* score;  ///< or null: the scaled product
  float scale;
  std::size_t size;  ///< columns of query and key
  ConstRows memory;
  std::size_t width;  ///< columns of memory
  Rows weights;
  Rows output;
};
struct AttentionBackwardStep {
  SequenceSteps query_steps;
  SequenceSteps memory_steps;
  ConstRows query;
  ConstRows key;
  const float* score;
  float scale;
  std::size_t size;
  ConstRows memory;
  std::size_t width;
  ConstRows weights;
  ConstRows d_output;
  Rows d_scores;
  Rows d_query;
  Rows d_key;
  Rows d_memory;
  Rows d_score_rows;
};

struct Kernels {
  const char* name;
  std::size_t lanes;     ///< floats in a vector
  std::size_t max_rows;  ///< rows of the largest tile

  std::size_t (*panel_count)(std::size_t columns);
  /// The first column of a panel. For panel_count it is the number of columns.
  std::size_t (*panel_column)(std::size_t panel, std::size_t columns);

  // Packs panels first..end, with columns padded with zeros to whole vectors.
  void (*pack_panels)(const PackSource& b, const PanelTarget& to, std::size_t first,
                      std::size_t end);
  void (*pack_panels_transposed)(const PackSource& b, const PanelTarget& to, std::size_t first,
                                 std::size_t end);
  // Packs U [gates*H, H] as [block][k][gate][lane], for the first `gates` gates.
  void (*pack_gates)(const float* weight, std::size_t hidden, std::size_t gates, float* packed,
                     std::size_t first_block, std::size_t end_block);
  // Packs columns of a [depth, columns] as tiles [tile][k][max_rows], with columns padded with
  // zeros.
  void (*pack_tiles)(const PackSource& a, float* packed, std::size_t first_tile,
                     std::size_t end_tile);

  // Products.
  void (*panel_product)(const PanelProduct& product);
  /// The same with sums in double, rounded once: for the few rows that need it.
  void (*exact_product)(const PanelProduct& product);
  /// The same with `a` packed by pack_tiles, as deep as b. `a` points to the element for first_k =
  /// 0. Panels are always in rising order.
  void (*tile_product)(const PanelProduct& product);

  // One step of a GRU. In inference gates keep W x + b; in training they receive r|z|n|q.
  void (*forward_after)(const ForwardStep& step);
  void (*forward_after_training)(const ForwardStep& step);
  /// Reset before, first half: computes the gates r and z. In inference gates receive r*h|z, in
  /// training r|z|.|r*h.
  void (*gates_before)(const ForwardStep& step);
  void (*gates_before_training)(const ForwardStep& step);
  /// Reset before, second half: computes n and h. In training gates receive n.
  void (*candidate_before)(const ForwardStep& step);
  void (*candidate_before_training)(const ForwardStep& step);

  /// One step of an LSTM. In inference gates keep W x + b; in training they receive i|f|g|o|c'.
  void (*forward_lstm)(const ForwardStep& step);
  void (*forward_lstm_training)(const ForwardStep& step);

  void (*backward_after)(const BackwardStep& step);
  void (*backward_before)(const BackwardStep& step);
  void (*backward_before_reset)(const BackwardStep& step);
  void (*backward_lstm)(const BackwardStep& step);

  // Rows and vectors.
  float (*largest_magnitude)(const float* values, std::size_t count);
  /// Adds the sums of columns first..end to `sums`.
  void (*column_sums)(const PackSource& from, float* sums, std::size_t first, std::size_t end);

  // Losses. Each returns the sum of the losses, and writes the gradient times `scale` if there is
  // memory for it.
  double (*cross_entropy)(const CrossEntropyRows& rows);
  /// Each returns `sum` plus the sum over a range.
  double (*squared_error)(double sum, const ValueRange& range);
  double (*absolute_error)(double sum, const ValueRange& range);
  double (*huber)(double sum, const ValueRange& range);
  double (*pinball)(double sum, const ValueRange& range);
  double (*gaussian)(double sum, const ValueRange& range);
  double (*binary_cross_entropy)(double sum, const ValueRange& range);
  /// log sum_k exp(row_k)
  double (*log_sum_exp)(const float* row, std::size_t count);
  /// to_k = scale * exp(row_k) / sum_m exp(row_m); in place allowed.
  void (*softmax)(const float* row, float* to, std::size_t count, float scale);

  double (*sum_of_squares)(const float* values, std::size_t count);
  void (*scale)(float* values, std::size_t count, float factor);
  void (*clamp)(float* values, std::size_t count, float limit);

  /// In place.
  void (*activate)(float* values, std::size_t count, Activation activation);
  /// to = from * the derivative of the activation; `values` are the activation's results.
  void (*activate_backward)(float* to, const float* from, const float* values, std::size_t count,
                            Activation activation);
  void (*layer_norm)(const NormStep& step);
  void (*layer_norm_backward)(const NormBackwardStep& step);
  void (*attention)(const AttentionStep& step);
  void (*attention_backward)(const AttentionBackwardStep& step);

  void (*sgd)(const OptimizerStep& step);
  void (*adam)(const OptimizerStep& step);
  void (*adamw)(const OptimizerStep& step);
  void (*rmsprop)(const OptimizerStep& step);
  /// to += weight * (from - to)
  void (*lerp)(float* to, const float* from, std::size_t count, float weight);
};

}  // namespace gru::cpu
