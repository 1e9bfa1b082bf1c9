#pragma once

#include <cuda_runtime.h>

#include <cstddef>

#include "cuda/platform.h"

/// One block's tile of a product. Slices of its factors are read to shared memory, one after
/// another along the depth. Each thread sums a micro-tile in registers.
namespace gru::cuda {

/// The sizes of a tile: `rows` x `columns`, computed by threads that have `thread_rows` x
/// `thread_columns` each. Both are multiples of 4.
template <unsigned rows_, unsigned columns_, unsigned thread_rows_, unsigned thread_columns_>
struct TileShape {
  static constexpr unsigned rows = rows_;
  static constexpr unsigned columns = columns_;
  static constexpr unsigned thread_rows = thread_rows_;
  static constexpr unsigned thread_columns = thread_columns_;
  static constexpr unsigned row_threads = rows / thread_rows;
  static constexpr unsigned column_threads = columns / thread_columns;
  static constexpr unsigned threads = row_threads * column_threads;
  /// The depth of a slice.
  static constexpr unsigned depth = 8;
  /// Keeps 16-byte alignment and puts the rows of a slice into different banks.
  static constexpr unsigned padding = 4;
};

/// A factor in memory with elements (outer, k), where `outer` is a row of a or a column of b.
struct Factor {
  const float* data;
  std::size_t stride;
  unsigned outer;      ///< number of rows of a or columns of b
  unsigned gap_first;  ///< see ColumnGap
  unsigned gap;
};

/// Copies slices of one factor from memory to shared memory, where they are [k][outer]. With
/// `along_depth`, neighbours in memory differ in k.
template <class Tile, unsigned extent, bool along_depth>
class SliceLoader {
 public:
  static constexpr unsigned stride = extent + Tile::padding;
  static constexpr unsigned size = Tile::depth * stride;

  __device__ SliceLoader(const Factor& factor, unsigned first) : factor_(factor), first_(first) {}

  /// Reads the slice of depths begin..begin + Tile::depth, with zeros from `end` on.
  __device__ __forceinline__ void read(unsigned begin, unsigned end) {
    const unsigned outer = first_ + outer_index();
    const unsigned k = begin + depth_index();
    const unsigned column = along_depth ? k : outer;
    const std::size_t row = along_depth ? outer : k;
    const float* from = factor_.data + row * factor_.stride + column +
                        (column >= factor_.gap_first ? factor_.gap : 0U);
#pragma unroll
    for (unsigned i = 0; i < count; ++i) {
      const bool inside = outer + i * outer_step < factor_.outer && k + i * depth_step < end;
      values_[i] = inside ? *from : 0.0F;
      from += (outer_step + depth_step) * factor_.stride;
    }
  }

  __device__ __forceinline__ void write(float* slice) const {
    float* to = slice + depth_index() * stride + outer_index();
#pragma unroll
    for (unsigned i = 0; i < count; ++i) to[i * (depth_step * stride + outer_step)] = values_[i];
  }

 private:
  static constexpr unsigned threads = Tile::threads;
  static constexpr unsigned count = extent * Tile::depth / threads;
  /// The distance between two elements of a thread along the factor's rows in memory.
  static constexpr unsigned outer_step = along_depth ? threads / Tile::depth : 0;
  static constexpr unsigned depth_step = along_depth ? 0 : threads / extent;
  static_assert(threads % extent == 0 && threads % Tile::depth == 0);

  __device__ __forceinline__ static unsigned outer_index() {
    return along_depth ? threadIdx.x / Tile::depth : threadIdx.x % extent;
  }
  __device__ __forceinline__ static unsigned depth_index() {
    return along_depth ? threadIdx.x % Tile::depth : threadIdx.x / extent;
  }

  Factor factor_;
  unsigned first_;
  float values_[count] = {};
};

/// A tile in float32. Each thread has a micro-tile of it.
template <class Shape>
class MicroTile : public Shape {
 public:
  __device__ __forceinline__ void clear() {
#pragma unroll
    for (unsigned i = 0; i < Shape::thread_rows; ++i) {
#pragma unroll
      for (unsigned j = 0; j < Shape::thread_columns; ++j) sums_[i][j] = 0;
    }
  }

  __device__ __forceinline__ void multiply(const float* a, unsigned a_stride, const float* b,
                                           unsigned b_stride) {
#pragma unroll
    for (unsigned k = 0; k < Shape::depth; ++k) {
      float left[Shape::thread_rows];
      float right[Shape::thread_columns];
      read_quads<Shape::row_threads>(left, a + k * a_stride, row_thread());
      read_quads<Shape::column_threads>(right, b + k * b_stride, column_thread());
#pragma unroll
      for (unsigned i = 0; i < Shape::thread_rows; ++i) {
#pragma unroll
        for (unsigned j = 0; j < Shape::thread_columns; ++j) {
          sums_[i][j] = multiply_add(left[i], right[j], sums_[i][j]);
        }
      }
    }
  }

  /// Calls body(row, column, sum) with positions within the tile.
  template <class Body>
  __device__ __forceinline__ void for_each(const Body& body) const {
#pragma unroll
    for (unsigned i = 0; i < Shape::thread_rows; ++i) {
#pragma unroll
      for (unsigned j = 0; j < Shape::thread_columns; ++j) {
        body(element<Shape::row_threads>(row_thread(), i),
             element<Shape::column_threads>(column_thread(), j), sums_[i][j]);
      }
      keep_order();  // else all rows' loads would come first, and need registers that there are not
    }
  }

 private:
  __device__ __forceinline__ static unsigned row_thread() {
    return threadIdx.x / Shape::column_threads;
  }
  __device__ __forceinline__ static unsigned column_thread() {
    return threadIdx.x % Shape::column_threads;
  }
  /// A thread's elements are groups of four, as far apart as the first groups of all threads are
  /// long. So the threads of a warp read neighbouring groups.
  template <unsigned threads>
  __device__ __forceinline__ static unsigned element(unsigned thread, unsigned i) {
    return i / 4 * (4 * threads) + thread * 4 + i % 4;
  }
  template <unsigned threads, unsigned count>
  __device__ __forceinline__ static void read_quads(float (&values)[count], const float* from,
                                                    unsigned thread) {
#pragma unroll
    for (unsigned i = 0; i < count; i += 4) {
      const float4 quad = load4(from + element<threads>(thread, i));
      values[i] = quad.x;
      values[i + 1] = quad.y;
      values[i + 2] = quad.z;
      values[i + 3] = quad.w;
    }
  }

  float sums_[Shape::thread_rows][Shape::thread_columns];
};

/// Adds the products of depths begin..end to `tile`. Each factor has two slices that are used
/// alternately: the next one is read while the current one is multiplied. After an even number of
/// slices no thread reads the first pair any more, so that the next depths may follow at once. Only
/// the last call of a block may have an odd number of slices.
template <class Tile, class LoaderA, class LoaderB>
__device__ __forceinline__ void multiply_depths(Tile& tile, LoaderA& a, LoaderB& b, float* shared,
                                                unsigned begin, unsigned end) {
  constexpr unsigned size = LoaderA::size + LoaderB::size;
  a.read(begin, end);
  b.read(begin, end);
  a.write(shared);
  b.write(shared + LoaderA::size);
  __syncthreads();
  unsigned current = 0;
  for (unsigned k = begin; k < end; k += Tile::depth) {
    const bool more = k + Tile::depth < end;
    if (more) {
      a.read(k + Tile::depth, end);
      b.read(k + Tile::depth, end);
    }
    const float* slices = shared + current * size;
    tile.multiply(slices, LoaderA::stride, slices + LoaderA::size, LoaderB::stride);
    if (!more) break;
    current = 1 - current;
    a.write(shared + current * size);
    b.write(shared + current * size + LoaderA::size);
    __syncthreads();
  }
}

}  // namespace gru::cuda
