#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "base/activation.h"
#include "base/loss_options.h"
#include "base/options.h"
#include "base/random.h"
#include "base/rows.h"
#include "base/size.h"
#include "base/status.h"

/// The interface between the engine and the devices that compute for it. The parts above are
/// written once, against this file. A device knows nothing of them.

namespace gru {

/// Elements in a device's memory. Only the device may dereference the pointer: with a GPU it is no
/// address of the host's memory.
template <class T>
class DeviceSpan {
 public:
  DeviceSpan() = default;
  DeviceSpan(T* data, std::size_t size) : data_(data), size_(size) {}
  template <class U>
    requires std::is_same_v<const U, T>
  DeviceSpan(DeviceSpan<U> other) : data_(other.data()), size_(other.size()) {}  // NOLINT

  T* data() const { return data_; }
  std::size_t size() const { return size_; }
  bool empty() const { return size_ == 0; }
  /// The pointer, or null if the span is empty: kernels recognise an absent operand by null.
  T* data_or_null() const { return empty() ? nullptr : data_; }
  DeviceSpan subspan(std::size_t offset, std::size_t count) const {
    return {data_ + offset, count};
  }

 private:
  T* data_ = nullptr;
  std::size_t size_ = 0;
};

/// A row-major matrix in a device's memory; `stride` is the distance between rows in elements.
template <class T>
class DeviceMatrix {
 public:
  DeviceMatrix() = default;
  DeviceMatrix(T* data, std::size_t rows, std::size_t columns, std::size_t stride)
      : data_(data), rows_(rows), columns_(columns), stride_(stride) {}
  /// The whole span as rows of `columns` elements.
  DeviceMatrix(DeviceSpan<T> span, std::size_t columns)
      : DeviceMatrix(span.data(), columns == 0 ? 0 : span.size() / columns, columns, columns) {}
  template <class U>
    requires std::is_same_v<const U, T>
  DeviceMatrix(DeviceMatrix<U> other)  // NOLINT: a mutable matrix may be read
      : DeviceMatrix(other.data(), other.rows(), other.columns(), other.stride()) {}

  T* data() const { return data_; }
  std::size_t rows() const { return rows_; }
  std::size_t columns() const { return columns_; }
  std::size_t stride() const { return stride_; }
  bool empty() const { return rows_ == 0 || columns_ == 0; }
  /// Whether the rows follow each other without a gap.
  bool is_dense() const { return stride_ == columns_; }
  DeviceMatrix row_range(std::size_t first, std::size_t count) const {
    return {data_ + first * stride_, count, columns_, stride_};
  }
  DeviceMatrix column_range(std::size_t first, std::size_t count) const {
    // A matrix without rows may have no memory.
    return {rows_ == 0 ? data_ : data_ + first, rows_, count, stride_};
  }

 private:
  T* data_ = nullptr;
  std::size_t rows_ = 0;
  std::size_t columns_ = 0;
  std::size_t stride_ = 0;
};

/// Another thread sets it when the caller no longer wants the result. Long operations look at it
/// between time steps.
using AbortFlag = std::atomic<bool>;

/// The sizes of one direction of one layer.
struct RecurrentShape {
  std::size_t input_size = 0;
  std::size_t hidden_size = 0;
  CellVariant variant;  ///< of a GRU
  CellKind cell = CellKind::gru;

  CellSpec spec() const { return cell_spec(cell); }
};

/// Parameters (or their gradients) of one direction of one layer, in PyTorch's layout. G is
/// CellSpec::gates * H.
template <class T>
struct RecurrentTensors {
  DeviceSpan<T> weight_ih;  ///< [G, I]
  DeviceSpan<T> weight_hh;  ///< [G, H]
  DeviceSpan<T> bias_ih;    ///< [G], or empty
  DeviceSpan<T> bias_hh;    ///< [G], or empty
};

/// A device's own copies of the weights of one direction, in the order in which its kernels read
/// them. The device must outlive them.
class RecurrentWeights {
 public:
  virtual ~RecurrentWeights() = default;
};

/// The forward pass of one direction of one layer. Rows are packed (RowMap). Members for the cell
/// state are empty if the cell has none (CellSpec::states).
struct RecurrentForward {
  const RowMap* map = nullptr;
  bool reverse = false;
  DeviceMatrix<const float> input;        ///< [rows, I]
  DeviceSpan<const float> initial_state;  ///< [batch, H] in sorted order; empty: zero
  DeviceSpan<const float> initial_cell;   ///< [batch, H] in sorted order; empty: zero
  DeviceMatrix<float> output;             ///< [rows, H]
  DeviceSpan<float> final_state;          ///< [batch, H] in sorted order
  DeviceSpan<float> final_cell;           ///< [batch, H] in sorted order
  /// What backward needs besides input and output: [rows, CellSpec::reserve * H]; empty: inference.
  DeviceSpan<float> reserve;
  const AbortFlag* abort = nullptr;
};

/// The backward pass of one direction of one layer. Gradients are written, not added.
struct RecurrentBackward {
  const RowMap* map = nullptr;
  bool reverse = false;
  DeviceMatrix<const float> input;        ///< [rows, I], as in forward
  DeviceSpan<const float> initial_state;  ///< [batch, H]; empty: zero
  DeviceSpan<const float> initial_cell;   ///< [batch, H]; empty: zero
  DeviceMatrix<const float> output;       ///< [rows, H], as forward wrote it
  DeviceSpan<float> reserve;              ///< as forward wrote it; overwritten
  DeviceMatrix<const float> d_output;     ///< [rows, H]; empty: zero
  DeviceSpan<const float> d_final_state;  ///< [batch, H]; empty: zero
  DeviceSpan<const float> d_final_cell;   ///< [batch, H]; empty: zero
  DeviceMatrix<float> d_input;            ///< [rows, I]; empty: not wanted
  bool add_to_d_input = false;            ///< the second direction adds to the first one's
  DeviceSpan<float> d_initial_state;      ///< [batch, H]; empty: not wanted
  DeviceSpan<float> d_initial_cell;       ///< [batch, H]; empty: not wanted
  RecurrentTensors<float> gradients;
  const AbortFlag* abort = nullptr;
};

enum class Transpose : std::uint8_t { no, yes };

/// c = op(a) op(b) (+ c) (+ bias to every row), row-major.
///
/// At most one of a and b is transposed, and a bias is allowed only if a is not. The sums have at
/// least one term.
///
/// If a is not transposed, a row of c depends only on the same row of a, to the last bit: the other
/// rows and their number do not matter.
struct Gemm {
  Transpose transpose_a = Transpose::no;
  Transpose transpose_b = Transpose::no;
  DeviceMatrix<const float> a;
  DeviceMatrix<const float> b;
  DeviceMatrix<float> c;
  DeviceSpan<const float> bias;  ///< [columns of c], or empty
  bool accumulate = false;       ///< add to c
};

/// A device's own copy of the weight of a linear layer, in the order in which its kernels read it.
/// The device must outlive it.
class LinearWeights {
 public:
  virtual ~LinearWeights() = default;
};

/// output = input weight^T (+ bias to every row), with the loaded weight [size, width]. The bits
/// are those of the same Gemm.
struct LinearForward {
  DeviceMatrix<const float> input;  ///< [rows, width]
  DeviceSpan<const float> bias;     ///< [size], or empty
  DeviceMatrix<float> output;       ///< [rows, size]
};

/// Where the rows of each sequence lie: row t of the sequence at position i is first[t] + i, if
/// t < length[i].
struct SequenceRows {
  std::size_t sequences = 0;  ///< number of sequences that have a row
  std::size_t steps = 0;
  DeviceSpan<const std::int32_t> first;   ///< [steps]
  DeviceSpan<const std::int32_t> length;  ///< [sequences], in decreasing order
};

/// output = weight * (input - mean) / sqrt(variance + 1e-5) + bias. The mean and the biased
/// variance are over the values of a row.
struct LayerNormForward {
  DeviceMatrix<const float> input;
  DeviceSpan<const float> weight;  ///< [columns]
  DeviceSpan<const float> bias;    ///< [columns]
  DeviceMatrix<float> output;
  DeviceMatrix<float> statistics;  ///< [rows, 2]: mean and 1 / sqrt(variance + 1e-5), for backward
};

struct LayerNormBackward {
  DeviceMatrix<const float> input;
  DeviceSpan<const float> weight;
  DeviceMatrix<const float> statistics;  ///< as forward wrote it
  DeviceMatrix<const float> d_output;
  DeviceMatrix<float> d_input;        ///< empty: not wanted
  DeviceMatrix<float> d_weight_rows;  ///< each row's part of the gradient of weight
};

/// Which rows of a query attend to which rows of a memory: those of the same sequence.
struct AttentionRows {
  SequenceRows query;
  SequenceRows memory;
  /// For each position in the query's batch the position in the memory's, or -1 if that has no row.
  DeviceSpan<const std::int32_t> memory_position;  ///< at least [query.sequences]
  DeviceSpan<const std::int32_t> query_position;   ///< the same from memory to query
};

/// output = sum of a_i memory_i over the rows of the same sequence, a = softmax over e;
/// e_i = scale * query . key_i, or with a score e_i = score . tanh(query + key_i). The output is
/// zero where the sequence has no row in the memory.
struct AttentionForward {
  AttentionRows rows;
  DeviceMatrix<const float> query;   ///< [query's rows, K]
  DeviceMatrix<const float> key;     ///< [memory's rows, K]
  DeviceSpan<const float> score;     ///< [K], or empty
  float scale = 1;                   ///< used without a score
  DeviceMatrix<const float> memory;  ///< [memory's rows, E]
  DeviceMatrix<float> weights;       ///< [query's rows, memory's steps]: a, for backward
  DeviceMatrix<float> output;        ///< [query's rows, E]
};

struct AttentionBackward {
  AttentionRows rows;
  DeviceMatrix<const float> query;
  DeviceMatrix<const float> key;
  DeviceSpan<const float> score;
  float scale = 1;
  DeviceMatrix<const float> memory;
  DeviceMatrix<const float> weights;   ///< as forward wrote them
  DeviceMatrix<const float> d_output;  ///< [query's rows, E]
  DeviceMatrix<float> d_scores;        ///< [query's rows, memory's steps]: scratch
  DeviceMatrix<float> d_query;         ///< [query's rows, K]: written
  DeviceMatrix<float> d_key;           ///< [memory's rows, K]: added to; empty: not wanted
  DeviceMatrix<float> d_memory;        ///< [memory's rows, E]: added to; empty: not wanted
  DeviceMatrix<float> d_score_rows;    ///< [query's rows, K]: each row's part of score's gradient
};

/// The two results of a training step on the device. They lie together, so that one copy at the end
/// of the step fetches both.
struct StepMetrics {
  double loss = 0;           ///< an output's loss times its weight
  double gradient_norm = 0;  ///< global L2, before clipping
};

/// What all losses share: metrics[0].loss = weight / denominator * the sum of the rows' losses;
/// d_output is its gradient. If the denominator is 0, the loss and the gradient are 0.
struct LossCall {
  DeviceMatrix<const float> output;  ///< [rows, width]
  DeviceMatrix<float> d_output;  ///< may be output's memory; empty where only the loss is wanted
  DeviceSpan<StepMetrics> metrics;
  double weight = 1;
  double denominator = 0;

  double scale() const { return denominator > 0 ? weight / denominator : 0; }
};

/// Softmax cross entropy of rows of logits. A row of the ignored class has no loss.
struct CrossEntropyCall : LossCall {
  DeviceSpan<const std::int32_t> targets;  ///< [rows]
  DeviceSpan<const float> class_weights;   ///< [width]; empty: 1
  double label_smoothing = 0;
  std::optional<std::int32_t> ignored_class;
};

/// A loss over values. A row's loss is the mean over its terms: one term for each value of the
/// output, or for each pair of values with LossKind::gaussian.
struct ValueLossCall : LossCall {
  LossKind kind = LossKind::mean_squared_error;
  DeviceMatrix<const float> targets;         ///< [rows, target_width(kind, width)]
  double delta = 1;                          ///< huber
  DeviceSpan<const float> quantiles;         ///< quantile
  DeviceSpan<const float> positive_weights;  ///< binary_cross_entropy: [width]; empty: 1
  /// Whether the terms of a target that is NaN have no loss and no gradient.
  bool ignore_missing = false;

  std::size_t terms() const {
    return kind == LossKind::gaussian ? output.columns() / 2 : output.columns();
  }
};

/// Connectionist temporal classification of packed rows of logits. The sequences are in the order
/// of the rows: at step t, row first[t] + i belongs to sequence i. The states of a sequence are its
/// labels with a blank before, between and after them. A sequence without states has the loss 0 and
/// no gradient.
struct CtcCall : LossCall {
  DeviceSpan<const std::int32_t> first;        ///< [steps + 1]
  DeviceSpan<const std::int32_t> lengths;      ///< [batch]
  DeviceSpan<const std::int32_t> states;       ///< [batch]: the number of states
  DeviceMatrix<const std::int32_t> symbols;    ///< [batch, most states]: the class of each state
  DeviceMatrix<const std::int32_t> by_symbol;  ///< the states, grouped by class
  DeviceSpan<double> lattice;                  ///< room for lattice_size

  /// The size for one sequence: its states at each step, and two more rows to compute with.
  static CheckedSize lattice_size(std::size_t steps, std::size_t most_states) {
    return (CheckedSize(steps) + 2) * most_states;
  }
  std::size_t lattice_stride() const { return (first.size() + 1) * symbols.columns(); }
};

/// One step of an optimiser over some parameters together. `step` counts from 1.
struct OptimizerUpdate {
  OptimizerOptions options;
  std::uint64_t step = 1;
  DeviceSpan<float> parameters;
  DeviceSpan<const float> gradients;
  DeviceSpan<float> first_moment;   ///< momentum buffer, or exp_avg
  DeviceSpan<float> second_moment;  ///< exp_avg_sq, or square_avg
};

/// One device as one model uses it: its memory, its scratch memory, its queue of operations.
/// Operations take effect in the order of the calls. Two threads must not use it at the same time.
class Device {
 public:
  Device() = default;
  Device(const Device&) = delete;
  Device& operator=(const Device&) = delete;
  virtual ~Device() = default;

  /// Creates a device for calls on another thread, which may run at the same time as calls on this
  /// one. It reads memory and weights of this one, and computes with weights that this one made;
  /// held_bytes() of both counts the bytes of both. Loading weights is not such a call; allocate(),
  /// release() and copies are, on any of the devices. This device must outlive it. The sibling
  /// stays null if only one thread at a time may use the device.
  virtual Status create_sibling(std::unique_ptr<Device>& /*sibling*/) { return {}; }

  // Memory ------------------------------------------------------------------------------------

  virtual Status allocate(std::size_t bytes, void*& memory) = 0;
  /// `memory` is from `allocate`, which was asked for `bytes`.
  virtual void release(void* memory, std::size_t bytes) noexcept = 0;
  /// Bytes in use: memory of `allocate` that was not released, copies of weights, scratch memory,
  /// and the host's memory of count_host_bytes.
  virtual std::size_t held_bytes() const noexcept = 0;
  /// Someone holds `now` bytes of the host's memory, and no longer `before`. See CountedBytes.
  virtual void count_host_bytes(std::size_t before, std::size_t now) noexcept = 0;
  /// Frees the scratch memory. Later operations allocate it again.
  virtual void release_scratch() noexcept = 0;
  /// Whether the device reads and writes the host's memory in place. Nothing needs an upload then.
  virtual bool shares_host_memory() const noexcept = 0;
  virtual Status upload(DeviceSpan<float> to, std::span<const float> from) = 0;
  virtual Status upload(DeviceSpan<std::int32_t> to, std::span<const std::int32_t> from) = 0;
  /// Waits for all earlier operations.
  virtual Status download(std::span<float> to, DeviceSpan<const float> from) = 0;
  virtual Status download(StepMetrics& to, DeviceSpan<const StepMetrics> from) = 0;
  virtual Status fill(DeviceMatrix<float> to, float value) = 0;
  virtual Status copy(DeviceMatrix<float> to, DeviceMatrix<const float> from) = 0;
  /// to += from, element by element.
  virtual Status add(DeviceMatrix<float> to, DeviceMatrix<const float> from) = 0;
  /// to[i] = from[index[i]], or zeros where index[i] is -1, for each row i of `to`. `index` has one
  /// element for each row of `to`.
  virtual Status gather_rows(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                             DeviceSpan<const std::int32_t> index) = 0;
  virtual Status gather_rows(DeviceSpan<std::int32_t> to, DeviceSpan<const std::int32_t> from,
                             DeviceSpan<const std::int32_t> index) = 0;

  // Layers ------------------------------------------------------------------------------------

  virtual Status create_recurrent_weights(const RecurrentShape& shape,
                                          std::unique_ptr<RecurrentWeights>& weights) = 0;
  /// Takes over new parameter values. The tensors must stay in their memory until the next load.
  virtual Status load_recurrent_weights(RecurrentWeights& weights,
                                        const RecurrentTensors<const float>& from) = 0;
  virtual Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) = 0;
  virtual Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) = 0;

  virtual Status gemm(const Gemm& product) = 0;
  virtual Status create_linear_weights(std::unique_ptr<LinearWeights>& weights) = 0;
  /// Takes over a new weight [size, width]. It must stay in its memory until the next load. A copy
  /// is made when it is first needed after a load, and held from then on: it pays if several
  /// products follow a load. A single product is as fast through gemm, which holds no copy.
  virtual Status load_linear_weights(LinearWeights& weights, DeviceMatrix<const float> from) = 0;
  virtual Status linear_forward(LinearWeights& weights, const LinearForward& call) = 0;
  /// to[j] = sum over rows of from[row][j].
  virtual Status column_sums(DeviceSpan<float> to, DeviceMatrix<const float> from) = 0;
  /// table_gradient [V, E] = for each token, the sum of the rows of d_output [rows, E] with that
  /// token.
  virtual Status embedding_backward(DeviceMatrix<float> table_gradient,
                                    DeviceSpan<const std::int32_t> tokens,
                                    DeviceMatrix<const float> d_output) = 0;
  /// to[i][j] = from[i][j] * mask.scale(number[i] * columns + j). An empty `number` means that
  /// number[i] = i. `to` and `from` may be the same matrix.
  virtual Status dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                         const DropoutMask& mask, DeviceSpan<const std::int32_t> number) = 0;
  /// Applies the activation in place.
  virtual Status activate(DeviceMatrix<float> values, Activation activation) = 0;
  /// to = from * the derivative of the activation; `values` are the activation's results.
  virtual Status activate_backward(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                                   DeviceMatrix<const float> values, Activation activation) = 0;
  virtual Status layer_norm_forward(const LayerNormForward& call) = 0;
  virtual Status layer_norm_backward(const LayerNormBackward& call) = 0;
  /// to[i] = the mean of the rows of the sequence at position i.
  virtual Status sequence_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                                const SequenceRows& rows) = 0;
  /// Each row of `to` = its sequence's row in `from`, divided by the number of the sequence's rows.
  virtual Status spread_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                              const SequenceRows& rows) = 0;
  virtual Status attention_forward(const AttentionForward& call) = 0;
  virtual Status attention_backward(const AttentionBackward& call) = 0;

  // Losses ------------------------------------------------------------------------------------

  virtual Status cross_entropy(const CrossEntropyCall& call) = 0;
  virtual Status value_loss(const ValueLossCall& call) = 0;
  virtual Status ctc(const CtcCall& call) = 0;

  // Optimisers --------------------------------------------------------------------------------

  /// metrics[0].gradient_norm = the L2 norm of `gradients`.
  virtual Status gradient_norm(DeviceSpan<const float> gradients,
                               DeviceSpan<StepMetrics> metrics) = 0;
  /// gradients *= min(1, limit / (norm + 1e-6)), torch.nn.utils.clip_grad_norm_'s formula.
  virtual Status clip_norm(DeviceSpan<float> gradients, DeviceSpan<const StepMetrics> metrics,
                           double limit) = 0;
  /// Limits each gradient to [-limit, limit]. NaN stays NaN.
  virtual Status clip_value(DeviceSpan<float> gradients, double limit) = 0;
  virtual Status optimizer_update(const OptimizerUpdate& update) = 0;
  /// to += weight * (from - to), torch.lerp's formula. Equal elements keep their bits. Both spans
  /// have the same size.
  virtual Status lerp(DeviceSpan<float> to, DeviceSpan<const float> from, double weight) = 0;
};

}  // namespace gru
