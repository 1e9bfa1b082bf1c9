#pragma once

#include <optional>

#include "cuda/blas.h"
#include "cuda/kernels/product.h"
#include "cuda/kernels/sums.h"
#include "cuda/limits.h"
#include "cuda/pacer.h"
#include "cuda/plugin.h"
#include "cuda/resources.h"
#include "cuda/scratch.h"
#include "cuda/staging.h"
#include "cuda/step_table.h"
#include "cuda/tier.h"

namespace gru::cuda {

/// What one call of a recurrence needs besides its operands. Later calls reuse it.
struct RecurrenceScratch {
  Scratch<float> gates;          ///< in inference, for a chunk of steps
  Scratch<float> initial_state;  ///< zeros, if the caller gives none
  Scratch<float> sums;           ///< the products of one step
  Scratch<float> d_state;
  Scratch<float> d_cell;
  Scratch<float> d_reset;
  Scratch<float> states;  ///< the state before each row
  Scratch<float> bias_sums;
  Scratch<unsigned> arrivals;  ///< counters of the barriers between blocks
};

/// A device as one model uses it: its stream, and its memory.
struct Context {
  mutable std::size_t held = 0;  ///< bytes of device memory in use; must be destroyed last
  int ordinal = 0;
  Precision precision = Precision::float32;
  std::optional<Tier> forced_tier;
  Limits limits;
  Stream stream;
  Blas blas;  ///< must be destroyed before the stream that it uses
  Staging staging;
  StepTable steps;
  Pacer pacer;
  SumScratch sums;
  Scratch<double> parts;
  ProductScratch products;
  RecurrenceScratch recurrence;

  Queue queue() const { return {stream.get(), ordinal, limits.memory_pools, &held}; }
};

}  // namespace gru::cuda
