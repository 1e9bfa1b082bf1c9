#include "base/cell.h"
#include "cpu/kernels/activations.h"
#include "cpu/kernels/kernels.h"
#include "cpu/kernels/tile.h"

/// One step of the recurrence, forward. Each tile multiplies some rows of h by the packed U of some
/// unit blocks and ends with the gates of the same units in registers, so that h' follows at once.
///
/// u is the weight that keeps h: z with UpdateGate::retain, 1 - z with replace. Both are
/// sigmoid(update_sign * a_z), and h' = n + u (h - n).

GRU_KERNELS_BEGIN

namespace {

/// One row and one block of units.
struct Place {
  const ForwardStep& step;
  std::size_t row;
  std::size_t unit;
  std::size_t count;  ///< real units of the block

  float* gate(std::size_t number) const {
    return step.gates + row * step.gate_stride + number * step.hidden + unit;
  }
  const float* state() const { return step.state + row * step.state_stride + unit; }
  float* output() const { return step.output + row * step.output_stride + unit; }
};

GRU_INLINE Vector reset_gate(const Place& at, Vector sum) {
  return sigmoid(load(at.gate(gate_r), at.count) + sum);
}

GRU_INLINE Vector retain_weight(const Place& at, Vector sum) {
  return sigmoid((load(at.gate(gate_z), at.count) + sum) * broadcast(at.step.update_sign));
}

GRU_INLINE void store_output(const Place& at, Vector u, Vector n) {
  const Vector h = load(at.state(), at.count);
  store(at.output(), u * (h - n) + n, at.count);
}

// What a tile does with its sums, U h of `gates` gates of one block; training keeps what backward
// needs.

template <bool Keep>
struct After {
  static constexpr int gates = 3;
};

template <bool Keep>
GRU_INLINE void finish(After<Keep>, const Place& at, const Vector* sums) {
  const Vector r = reset_gate(at, sums[gate_r]);
  const Vector u = retain_weight(at, sums[gate_z]);
  const Vector q = sums[gate_n] + load(at.step.bias + at.unit);  // padded to whole vectors
  const Vector n = hyperbolic_tangent(r * q + load(at.gate(gate_n), at.count));
  store_output(at, u, n);
  if constexpr (Keep) {
    store(at.gate(gate_r), r, at.count);
    store(at.gate(gate_z), u, at.count);
    store(at.gate(gate_n), n, at.count);
    store(at.gate(reserve_q), q, at.count);
  }
}

/// Reset before, first half. Inference leaves r * h where r's input was.
template <bool Keep>
struct GatesBefore {
  static constexpr int gates = 2;
};

template <bool Keep>
GRU_INLINE void finish(GatesBefore<Keep>, const Place& at, const Vector* sums) {
  const Vector r = reset_gate(at, sums[gate_r]);
  const Vector u = retain_weight(at, sums[gate_z]);
  const Vector reset_state = r * load(at.state(), at.count);
  store(at.gate(gate_z), u, at.count);
  if constexpr (Keep) {
    store(at.gate(gate_r), r, at.count);
    store(at.gate(reserve_q), reset_state, at.count);
  } else {
    store(at.gate(gate_r), reset_state, at.count);
  }
}

/// Reset before, second half: the sums are U_n (r * h).
template <bool Keep>
struct CandidateBefore {
  static constexpr int gates = 1;
};

template <bool Keep>
GRU_INLINE void finish(CandidateBefore<Keep>, const Place& at, const Vector* sums) {
  const Vector n = hyperbolic_tangent(sums[0] + load(at.gate(gate_n), at.count));
  store_output(at, load(at.gate(gate_z), at.count), n);
  if constexpr (Keep) store(at.gate(gate_n), n, at.count);
}

/// A function of its own: where several tiles share one, GCC 12 spills sums in the inner loop.
template <int Rows, int Groups, Fetch fetch, class Kind>
GRU_OUTLINE void compute_tile(Kind kind, const ForwardStep& step, const RowMajor& factor,
                              std::size_t row, std::size_t block, const float* next = nullptr) {
  constexpr int gates = Kind::gates;
  const std::size_t block_size = step.hidden * gates * lanes;
  const RowMajor a{factor.data + row * factor.stride, factor.stride};
  Vector sums[Rows][Groups * gates] = {};
  multiply_tile<Rows, Groups, gates, fetch>(sums, a, step.weights + block * block_size, block_size,
                                            step.hidden, next);
#pragma GCC unroll 8
  for (int r = 0; r < Rows; ++r) {
#pragma GCC unroll 4
    for (int group = 0; group < Groups; ++group) {
      const std::size_t unit = (block + static_cast<std::size_t>(group)) * lanes;
      const Place at{step, row + static_cast<std::size_t>(r), unit,
                     minimum(lanes, step.hidden - unit)};
      finish(kind, at, &sums[r][group * gates]);
    }
  }
}

/// All blocks for `Rows` rows: several at once as long as they last.
template <int Rows, int Groups, Fetch fetch, class Kind>
GRU_INLINE void compute_rows(Kind kind, const ForwardStep& step, const RowMajor& factor,
                             std::size_t row) {
  const std::size_t groups = (step.end_block - step.first_block) / Groups;
  for_each_in_order(groups, step.descending, [&](std::size_t group) {
    compute_tile<Rows, Groups, fetch>(kind, step, factor, row, step.first_block + group * Groups);
  });
  if constexpr (Groups > 1) {
    for (std::size_t block = step.first_block + groups * Groups; block < step.end_block; ++block) {
      compute_tile<Rows, 1, fetch>(kind, step, factor, row, block);
    }
  }
}

/// Full tiles go block by block, so that a block's weights, once fetched, stay near for all rows.
/// The first tile fetches them, or, with Fetch::next, the first ones together those of the next
/// block.
template <int Rows, Fetch fetch, class Kind>
GRU_INLINE std::size_t compute_full_tiles(Kind kind, const ForwardStep& step,
                                          const RowMajor& factor) {
  const std::size_t end = step.rows / Rows * Rows;
  if (end == 0) return 0;
  constexpr std::size_t fetching = fetch == Fetch::next ? Kind::gates : 1;
  const std::size_t part = step.hidden * lanes;
  const std::size_t blocks = step.end_block - step.first_block;
  for_each_in_order(blocks, step.descending, [&](std::size_t block) {
    const std::size_t following = next_in_order(block, blocks, step.descending);
    const float* next = step.weights + (step.first_block + following) * Kind::gates * part;
    std::size_t row = 0;
    for (; row < fetching * Rows; row += Rows, next += part) {
      compute_tile<Rows, 1, fetch>(kind, step, factor, row, step.first_block + block, next);
    }
    for (; row < end; row += Rows) {
      compute_tile<Rows, 1, Fetch::nothing>(kind, step, factor, row, step.first_block + block);
    }
  });
  return end;
}

/// Registers allow 24 sums beside the weights, or 12 where there are but 16 registers.
template <Fetch fetch, class Kind>
GRU_INLINE void compute_fetching(Kind kind, const ForwardStep& step, const RowMajor& factor) {
  constexpr int pair = max_rows == 8 ? 2 : 1;
  constexpr int tile = static_cast<int>(max_rows);
  std::size_t row = 0;
  if constexpr (fetch == Fetch::own) {
    if (step.rows >= Kind::gates * max_rows) {
      row = compute_full_tiles<tile, Fetch::next>(kind, step, factor);
    }
  }
  if (row == 0) row = compute_full_tiles<tile, fetch>(kind, step, factor);
  if (max_rows > 4 && step.rows - row >= 4) {
    compute_rows<4, pair, fetch>(kind, step, factor, row);
    row += 4;
  }
  switch (step.rows - row) {
    case 3:
      compute_rows<3, pair, fetch>(kind, step, factor, row);
      break;
    case 2:
      compute_rows<2, 2, fetch>(kind, step, factor, row);
      break;
    case 1:
      compute_rows<1, 4, fetch>(kind, step, factor, row);
      break;
    default:
      break;
  }
}

template <class Kind>
GRU_INLINE void compute(Kind kind, const ForwardStep& step, const RowMajor& factor) {
  if (step.distant) {
    compute_fetching<Fetch::own>(kind, step, factor);
  } else {
    compute_fetching<Fetch::nothing>(kind, step, factor);
  }
}

GRU_INLINE RowMajor states(const ForwardStep& step) { return {step.state, step.state_stride}; }

}  // namespace

void forward_after(const ForwardStep& step) { compute(After<false>{}, step, states(step)); }

void forward_after_training(const ForwardStep& step) { compute(After<true>{}, step, states(step)); }

void gates_before(const ForwardStep& step) { compute(GatesBefore<false>{}, step, states(step)); }

void gates_before_training(const ForwardStep& step) {
  compute(GatesBefore<true>{}, step, states(step));
}

void candidate_before(const ForwardStep& step) {
  compute(CandidateBefore<false>{}, step,
          RowMajor{step.gates + gate_r * step.hidden, step.gate_stride});
}

void candidate_before_training(const ForwardStep& step) {
  compute(CandidateBefore<true>{}, step,
          RowMajor{step.gates + reserve_q * step.hidden, step.gate_stride});
}

GRU_KERNELS_END
