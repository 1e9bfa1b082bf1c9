#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "cpu/kernel_table.h"
#include "cpu/threads/threads.h"
#include "device/device.h"

/// What the forward and backward passes need to know of a cell, as tables: the kernels of a step,
/// and the products with U between them. Gates are numbered in the order in which they stack.

namespace gru::cpu {

/// A kernel of a forward step, and the part of U that it multiplies by.
struct ForwardStage {
  void (*Kernels::*kernel)(const ForwardStep&);
  std::size_t part;
};

/// What a product of the backward pass computes.
enum class Carried : std::uint8_t {
  d_state,        ///< the gradient of h
  d_reset_state,  ///< the gradient of r * h
};

/// The gradients of some gates times their rows of U, as part of a backward step.
struct StageProduct {
  std::size_t part;  ///< of U
  Range gates;       ///< of the part
  std::size_t slot;  ///< where the reserve has the gradient of the first of them
  Carried to;
  bool accumulate;
};

/// A kernel of a backward step, and the products that follow it.
struct BackwardStage {
  void (*Kernels::*kernel)(const BackwardStep&);
  std::span<const StageProduct> products;
};

/// The factor that turns a gate's gradient into a weight's gradient: the rows of the input for W,
/// and h or r * h of the step before for U.
enum Factor : std::size_t { inputs, states, reset_states, factor_count };

struct GradientTerm {
  std::size_t slot;  ///< of the reserve, where the gate's gradient lies
  Factor factor;
  std::size_t gate;  ///< of the weight and the bias
};

inline constexpr std::size_t max_parts = 2;
inline constexpr std::size_t max_terms = 8;

struct CellPlan {
  /// The gates of U that a kernel multiplies together: at most max_parts ranges.
  std::span<const Range> parts;
  /// The gate whose recurrent bias is not just added to W x. The number of gates if there is none.
  std::size_t bias_apart;
  std::span<const ForwardStage> inference;
  std::span<const ForwardStage> training;
  std::span<const BackwardStage> backward;
  std::size_t gradient_slots;  ///< of the reserve, after the backward pass
  /// At most max_terms. Terms of the same slot are neighbours.
  std::span<const GradientTerm> terms;
};

const CellPlan& gru_plan(ResetGate reset);
const CellPlan& lstm_plan();

}  // namespace gru::cpu
