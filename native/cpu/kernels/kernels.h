#pragma once

#include "cpu/kernel_table.h"
#include "cpu/kernels/simd.h"

GRU_KERNELS_BEGIN

/// The number of panels. Panels share the vectors of the columns as evenly as possible, at most
/// three each, so that half of the panels is half of the work.
GRU_INLINE std::size_t panels_of(std::size_t columns) { return (blocks_of(columns) + 2) / 3; }
GRU_INLINE std::size_t panel_block(std::size_t panel, std::size_t columns) {
  const std::size_t panels = panels_of(columns);
  return panels == 0 ? 0 : panel * blocks_of(columns) / panels;
}

std::size_t panel_count(std::size_t columns);
std::size_t panel_column(std::size_t panel, std::size_t columns);
void pack_panels(const PackSource& b, const PanelTarget& to, std::size_t first, std::size_t end);
void pack_panels_transposed(const PackSource& b, const PanelTarget& to, std::size_t first,
                            std::size_t end);
void pack_gates(const float* weight, std::size_t hidden, std::size_t gates, float* packed,
                std::size_t first_block, std::size_t end_block);
void pack_tiles(const PackSource& a, float* packed, std::size_t first_tile, std::size_t end_tile);

void panel_product(const PanelProduct& product);
void exact_product(const PanelProduct& product);
void tile_product(const PanelProduct& product);

void forward_after(const ForwardStep& step);
void forward_after_training(const ForwardStep& step);
void gates_before(const ForwardStep& step);
void gates_before_training(const ForwardStep& step);
void candidate_before(const ForwardStep& step);
void candidate_before_training(const ForwardStep& step);
void forward_lstm(const ForwardStep& step);
void forward_lstm_training(const ForwardStep& step);

void backward_after(const BackwardStep& step);
void backward_before(const BackwardStep& step);
void backward_before_reset(const BackwardStep& step);
void backward_lstm(const BackwardStep& step);

float largest_magnitude(const float* values, std::size_t count);
void column_sums(const PackSource& from, float* sums, std::size_t first, std::size_t end);
double cross_entropy(const CrossEntropyRows& rows);
double squared_error(double sum, const ValueRange& range);
double absolute_error(double sum, const ValueRange& range);
double huber(double sum, const ValueRange& range);
double pinball(double sum, const ValueRange& range);
double gaussian(double sum, const ValueRange& range);
double binary_cross_entropy(double sum, const ValueRange& range);
double log_sum_exp(const float* row, std::size_t count);
void softmax(const float* row, float* to, std::size_t count, float scale);
double sum_of_squares(const float* values, std::size_t count);
void scale(float* values, std::size_t count, float factor);
void clamp(float* values, std::size_t count, float limit);

void activate(float* values, std::size_t count, Activation activation);
void activate_backward(float* to, const float* from, const float* values, std::size_t count,
                       Activation activation);
void layer_norm(const NormStep& step);
void layer_norm_backward(const NormBackwardStep& step);
void attention(const AttentionStep& step);
void attention_backward(const AttentionBackwardStep& step);

void sgd(const OptimizerStep& step);
void adam(const OptimizerStep& step);
void adamw(const OptimizerStep& step);
void rmsprop(const OptimizerStep& step);
void lerp(float* to, const float* from, std::size_t count, float weight);

GRU_KERNELS_END
