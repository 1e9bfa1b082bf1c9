#pragma once

#include <cuda_runtime.h>

#include "base/cell.h"
#include "cuda/kernels/persistent_launch.h"
#include "cuda/platform.h"
#include "cuda/walk.h"

/// Shared by the persistent kernels: a block's position, its shared memory, and products of a tile
/// of sequences with the block's weights.
namespace gru::cuda {

/// The rows and columns whose products a warp computes together. Each lane sums over its own
/// depths.
inline constexpr unsigned warp_rows = 4;
inline constexpr unsigned warp_tile_columns = 4;

/// The depth that the lanes of a warp cover if each has four values.
inline constexpr unsigned warp_depth = 4 * warp_size;

/// Sums over all lanes, distributed among them: lane l gets the sum of values[l / 2]. The order of
/// additions is fixed.
__device__ __forceinline__ float spread_sums(float (&values)[warp_rows * warp_tile_columns],
                                             unsigned lane) {
  unsigned step = warp_size / 2;
#pragma unroll
  for (unsigned half = warp_rows * warp_tile_columns / 2; half > 0; half /= 2) {
    const bool upper = (lane & step) != 0;
#pragma unroll
    for (unsigned i = 0; i < half; ++i) {
      const float kept = upper ? values[i + half] : values[i];
      const float given = upper ? values[i] : values[i + half];
      values[i] = kept + __shfl_xor_sync(whole_warp, given, static_cast<int>(step));
    }
    step /= 2;
  }
  return values[0] + __shfl_xor_sync(whole_warp, values[0], 1);
}

/// One block: its units and sequences, and its shared memory.
class PersistentBlock {
 public:
  /// `memory` has the size that persistent_shared returns.
  __device__ PersistentBlock(const PersistentShape& shape, std::size_t hidden, unsigned batch,
                             float* memory)
      : hidden_(static_cast<unsigned>(hidden)),
        depth_((hidden_ + 3) / 4 * 4),
        first_unit_(blockIdx.x * shape.units),
        units_(min(shape.units, hidden_ - first_unit_)),
        first_sequence_(blockIdx.y * shape.sequences),
        sequences_(min(shape.sequences, batch - first_sequence_)),
        tile_(shape.tile),
        weights_(memory),
        states_(weights_ + gate_count * shape.units * depth_),
        sums_(states_ + shape.tile * depth_) {}

  __device__ unsigned first_unit() const { return first_unit_; }
  __device__ unsigned first_sequence() const { return first_sequence_; }
  /// The number of this block's sequences that have the step.
  __device__ unsigned batch_size(const Step& step) const {
    if (step.rows <= first_sequence_) return 0;
    return min(step.rows - first_sequence_, sequences_);
  }

  /// Reads the block's weights. weights(gate, unit, k) goes to row gate * units + unit.
  template <class Weights>
  __device__ void load_weights(const Weights& weights) {
    for (unsigned row = 0; row < gate_count * units_; ++row) {
      for (unsigned k = threadIdx.x; k < depth_; k += persistent_threads) {
        weights_[row * depth_ + k] =
            k < hidden_ ? weights(row / units_, first_unit_ + row % units_, k) : 0.0F;
      }
    }
  }

  /// Calls body(first, count) for the tiles of the block's first `batch_size` sequences. A body
  /// must have its first barrier before it computes sums, so that it cannot overwrite sums which
  /// the call before still reads.
  template <class Body>
  __device__ __forceinline__ void for_each_tile(unsigned batch_size, const Body& body) const {
    for (unsigned first = 0; first < batch_size; first += tile_) {
      body(first, min(tile_, batch_size - first));
    }
  }

  /// Calls body(i, unit) for the units of `count` sequences.
  template <class Body>
  __device__ __forceinline__ void for_each_unit(unsigned count, const Body& body) const {
    for (unsigned index = threadIdx.x; index < count * units_; index += persistent_threads) {
      body(index / units_, index % units_);
    }
  }

  /// A sum of a gate's products. Valid after multiply with that gate.
  __device__ __forceinline__ float sum(unsigned i, unsigned gate, unsigned unit) const {
    return sums_[i * (gate_count * units_) + gate * units_ + unit];
  }
  /// A value of the vectors that were read last.
  __device__ __forceinline__ float state(unsigned i, unsigned unit) const {
    return states_[i * depth_ + first_unit_ + unit];
  }

  /// Reads vector(i), [hidden], for a tile of `count` sequences. Other blocks may have written
  /// them.
  template <class Vector>
  __device__ __forceinline__ void read_vectors(unsigned count, const Vector& vector) {
    constexpr unsigned warps = persistent_threads / warp_size;
    for (unsigned i = threadIdx.x / warp_size; i < count; i += warps) {
      const float* from = vector(i);
      for (unsigned k = threadIdx.x % warp_size; k < depth_; k += warp_size) {
        states_[i * depth_ + k] = k < hidden_ ? load_from_others(from + k) : 0.0F;
      }
    }
  }

  /// Writes the products of the vectors with the weights of gates first..end to the sums of these
  /// gates.
  __device__ __forceinline__ void multiply(unsigned count, unsigned first_gate, unsigned end_gate) {
    multiply_columns(count, first_gate * units_, end_gate * units_, 0, Set());
  }

  /// Adds the products with the weights of one gate to the sums of the first gate.
  __device__ __forceinline__ void add_products(unsigned count, unsigned gate) {
    multiply_columns(count, gate * units_, (gate + 1) * units_, gate * units_, Add());
  }
  __device__ __forceinline__ void set_products(unsigned count, unsigned gate) {
    multiply_columns(count, gate * units_, (gate + 1) * units_, gate * units_, Set());
  }

 private:
  struct Set {
    __device__ void operator()(float& to, float value) const { to = value; }
  };
  struct Add {
    __device__ void operator()(float& to, float value) const { to += value; }
  };

  /// Calls store(sum of column c - shift, product) for columns first..end. Warps take tiles of rows
  /// and columns. Rows and columns past the end repeat the last one and are not stored.
  template <class Store>
  __device__ __forceinline__ void multiply_columns(unsigned count, unsigned first, unsigned end,
                                                   unsigned shift, const Store& store) {
    constexpr unsigned warps = persistent_threads / warp_size;
    const unsigned column_tiles = (end - first + warp_tile_columns - 1) / warp_tile_columns;
    const unsigned row_tiles = (count + warp_rows - 1) / warp_rows;
    const unsigned lane = threadIdx.x % warp_size;
    for (unsigned item = threadIdx.x / warp_size; item < column_tiles * row_tiles; item += warps) {
      const unsigned first_row = item / column_tiles * warp_rows;
      const unsigned first_column = first + item % column_tiles * warp_tile_columns;
      float values[warp_rows * warp_tile_columns] = {};
      add_lane_products(values, first_row, count - 1, first_column, end - 1);
      const float sum = spread_sums(values, lane);
      const unsigned row = first_row + lane / 2 / warp_tile_columns;
      const unsigned column = first_column + lane / 2 % warp_tile_columns;
      if (lane % 2 == 0 && row < count && column < end) {
        store(sums_[row * (gate_count * units_) + column - shift], sum);
      }
    }
  }

  /// Adds this lane's depths to the products of a tile of rows and columns.
  __device__ __forceinline__ void add_lane_products(float (&values)[warp_rows * warp_tile_columns],
                                                    unsigned first_row, unsigned last_row,
                                                    unsigned first_column,
                                                    unsigned last_column) const {
    const unsigned lane = threadIdx.x % warp_size;
    for (unsigned k = 4 * lane; k < depth_; k += warp_depth) {
      float4 vectors[warp_rows];
#pragma unroll
      for (unsigned i = 0; i < warp_rows; ++i) {
        vectors[i] = load4(states_ + min(first_row + i, last_row) * depth_ + k);
      }
#pragma unroll
      for (unsigned c = 0; c < warp_tile_columns; ++c) {
        const float4 weights = load4(weights_ + min(first_column + c, last_column) * depth_ + k);
#pragma unroll
        for (unsigned i = 0; i < warp_rows; ++i) {
          float& value = values[i * warp_tile_columns + c];
          value = multiply_add(vectors[i].x, weights.x, value);
          value = multiply_add(vectors[i].y, weights.y, value);
          value = multiply_add(vectors[i].z, weights.z, value);
          value = multiply_add(vectors[i].w, weights.w, value);
        }
      }
    }
  }

  unsigned hidden_;
  unsigned depth_;  ///< hidden_ rounded up to a multiple of 4; the rest is zero
  unsigned first_unit_;
  unsigned units_;
  unsigned first_sequence_;
  unsigned sequences_;
  unsigned tile_;
  float* weights_;  ///< [3 gates][units][depth]
  float* states_;   ///< [tile][depth]
  float* sums_;     ///< [tile][3 gates][units]
};

}  // namespace gru::cuda
