#include "cpu/kernels/kernels.h"

#define GRU_STRING_OF(name) #name
#define GRU_STRING(name) GRU_STRING_OF(name)

GRU_KERNELS_BEGIN

extern const Kernels table;
const Kernels table = {
    .name = GRU_STRING(GRU_ISA),
    .lanes = lanes,
    .max_rows = max_rows,
    .panel_count = panel_count,
    .panel_column = panel_column,
    .pack_panels = pack_panels,
    .pack_panels_transposed = pack_panels_transposed,
    .pack_gates = pack_gates,
    .pack_tiles = pack_tiles,
    .panel_product = panel_product,
    .exact_product = exact_product,
    .tile_product = tile_product,
    .forward_after = forward_after,
    .forward_after_training = forward_after_training,
    .gates_before = gates_before,
    .gates_before_training = gates_before_training,
    .candidate_before = candidate_before,
    .candidate_before_training = candidate_before_training,
    .forward_lstm = forward_lstm,
    .forward_lstm_training = forward_lstm_training,
    .backward_after = backward_after,
    .backward_before = backward_before,
    .backward_before_reset = backward_before_reset,
    .backward_lstm = backward_lstm,
    .largest_magnitude = largest_magnitude,
    .column_sums = column_sums,
    .cross_entropy = cross_entropy,
    .squared_error = squared_error,
    .absolute_error = absolute_error,
    .huber = huber,
    .pinball = pinball,
    .gaussian = gaussian,
    .binary_cross_entropy = binary_cross_entropy,
    .log_sum_exp = log_sum_exp,
    .softmax = softmax,
    .sum_of_squares = sum_of_squares,
    .scale = scale,
    .clamp = clamp,
    .activate = activate,
    .activate_backward = activate_backward,
    .layer_norm = layer_norm,
    .layer_norm_backward = layer_norm_backward,
    .attention = attention,
    .attention_backward = attention_backward,
    .sgd = sgd,
    .adam = adam,
    .adamw = adamw,
    .rmsprop = rmsprop,
    .lerp = lerp,
};

GRU_KERNELS_END
