#include "cpu/recurrence/forward.h"

#include <algorithm>
#include <cstring>

#include "cpu/recurrence/recurrence.h"

namespace gru::cpu {

namespace {

/// The number of rows whose W x + b are computed ahead of the recurrence: enough for full tiles,
/// and few enough that they are still in the cache when the recurrence reads them.
constexpr std::size_t chunk_rows = 192;

/// One call, shared by all its threads.
class ForwardPass {
 public:
  ForwardPass(const CpuRecurrentWeights& weights, const RecurrentForward& call,
              const float* initial_state, float* chunk_gates, Division division)
      : weights_(weights),
        call_(call),
        hidden_(weights.shape().hidden_size),
        gates_(weights.shape().spec().gates),
        training_(!call.reserve.empty()),
        gate_stride_((training_ ? weights.shape().spec().reserve : gates_) * hidden_),
        inputs_displace_(exceed_cache(gates_ * hidden_ * (weights.shape().input_size + hidden_) *
                                      sizeof(float))),
        chunk_gates_(chunk_gates),
        division_(division),
        recurrence_(*call.map, call.reverse, initial_state, call.output.data(),
                    call.output.stride(), hidden_) {}

  Status run() {
    parallel(division_.threads, [this](unsigned index, Team& team) { work(index, team); });
    return stop_.holds(recurrence_.steps()) ? Status::aborted() : Status();
  }

 private:
  /// The part of every step that one thread computes.
  struct Share {
    unsigned index;
    Team* team;  ///< a team of one after a retreat
    Range sequences;
    Range blocks;
    bool waits;  ///< other threads compute blocks of the same sequences
  };

  /// Steps whose W x + b were computed together.
  struct Chunk {
    std::size_t first_step;
    std::size_t first_row;
  };

  void work(unsigned index, Team& team) {
    Team alone(1);
    Share share = share_for(index, team);
    for (std::size_t begin = 0; begin < recurrence_.steps();) {
      const std::size_t end = chunk_end(begin);
      if (share.index == 0 && is_aborted(call_.abort)) stop_.ask(begin);
      multiply_input(begin, end, share);
      share.team->barrier();
      if (stop_.holds(begin)) return;
      const Chunk chunk{begin, chunk_first_row(begin, end)};
      for (std::size_t s = begin; s < end; ++s) {
        if (share.waits && share.index == 0 && team.contended()) retreat_.ask(s);
        compute_step(s, chunk, share);
        if (!share.waits || !retreat_.holds(s)) continue;
        if (share.index != 0) return;
        share = share_for(0, alone);
      }
      if (!share.waits) share.team->barrier();  // the next chunk overwrites this one's gates
      begin = end;
    }
  }

  Share share_for(unsigned index, Team& team) const {
    const std::size_t blocks = vectors_of(hidden_);
    if (division_.by_sequences && team.size() > 1) {
      return {index, &team, share_sequences(*call_.map, index, team.size()), {0, blocks}, false};
    }
    return {index,
            &team,
            {0, call_.map->batch()},
            share_of(blocks, index, team.size()),
            team.size() > 1};
  }

  std::size_t chunk_end(std::size_t begin) const {
    std::size_t rows = 0;
    std::size_t s = begin;
    while (s < recurrence_.steps() &&
           (s == begin || rows + recurrence_.batch_size(s) <= chunk_rows)) {
      rows += recurrence_.batch_size(s++);
    }
    return s;
  }

  /// The first row of the processed steps begin..end, which are contiguous in memory.
  std::size_t chunk_first_row(std::size_t begin, std::size_t end) const {
    return std::min(recurrence_.first_row(begin), recurrence_.first_row(end - 1));
  }

  float* gates_of(std::size_t row, std::size_t chunk_row) const {
    return training_ ? call_.reserve.data() + row * gate_stride_
                     : chunk_gates_ + (row - chunk_row) * gate_stride_;
  }

  void multiply_input(std::size_t begin, std::size_t end, const Share& share) const {
    const std::size_t row = chunk_first_row(begin, end);
    const std::size_t last =
        std::max(recurrence_.first_row(begin) + recurrence_.batch_size(begin),
                 recurrence_.first_row(end - 1) + recurrence_.batch_size(end - 1));
    const ProductRows rows{call_.input.data() + row * call_.input.stride(), call_.input.stride(),
                           gates_of(row, row), gate_stride_, last - row};
    multiply_inputs_share(rows, weights_.input(), weights_.input_bias(), share.index,
                          share.team->size());
  }

  void compute_step(std::size_t s, const Chunk& chunk, const Share& share) const {
    const CellPlan& plan = weights_.plan();
    for (const ForwardStage& stage : training_ ? plan.training : plan.inference) {
      const auto kernel = kernels().*stage.kernel;
      recurrence_.for_each_state(s, share.sequences, [&](const StateRows& rows) {
        kernel(step_of(s, chunk, rows, share.blocks, weights_.part(stage.part)));
      });
      if (share.waits) share.team->barrier();
    }
  }

  ForwardStep step_of(std::size_t s, const Chunk& chunk, const StateRows& rows, Range units,
                      const float* packed) const {
    const std::size_t row = recurrence_.first_row(s) + rows.first;
    ForwardStep step{};
    step.state = rows.state;
    step.state_stride = rows.stride;
    if (!call_.final_cell.empty()) step.cell = call_.final_cell.data() + rows.first * hidden_;
    step.cell_stride = hidden_;
    step.gates = gates_of(row, chunk.first_row);
    step.gate_stride = gate_stride_;
    step.output = call_.output.data() + row * call_.output.stride();
    step.output_stride = call_.output.stride();
    step.weights = packed;
    step.bias = weights_.bias_apart();
    step.update_sign = weights_.update_sign();
    step.hidden = hidden_;
    step.rows = rows.count;
    step.first_block = units.begin;
    step.end_block = units.end;
    step.descending = s % 2 == 1;
    const std::size_t blocks = units.end - units.begin;
    step.prefetch = (s == chunk.first_step && inputs_displace_) ||
                    exceed_cache(blocks * kernels().lanes * hidden_ * gates_ * sizeof(float));
    return step;
  }

  const CpuRecurrentWeights& weights_;
  const RecurrentForward& call_;
  std::size_t hidden_;
  std::size_t gates_;
  bool training_;
  std::size_t gate_stride_;
  bool inputs_displace_;  ///< W displaces U from a core's cache, once for each chunk
  float* chunk_gates_;
  Division division_;
  Recurrence recurrence_;
  Agreement stop_;     ///< the call was aborted
  Agreement retreat_;  ///< other processes use the cores: thread 0 continues alone
};

/// Each sequence's state after its last valid step.
void copy_final_states(const RecurrentForward& call, const float* initial_state,
                       std::size_t hidden) {
  const RowMap& map = *call.map;
  for (std::size_t i = 0; i < map.batch(); ++i) {
    const auto length = static_cast<std::size_t>(map.sorted_lengths()[i]);
    const std::size_t last = call.reverse || length == 0 ? 0 : length - 1;
    const float* state = length == 0
                             ? initial_state + i * hidden
                             : call.output.data() + (map.first(last) + i) * call.output.stride();
    std::memcpy(call.final_state.data() + i * hidden, state, hidden * sizeof(float));
  }
}

/// Fills the cell state, which the steps update in place. A sequence's initial state is in its row
/// until its first step, and its final state stays there after its last step.
void start_cell(const RecurrentForward& call) {
  const std::size_t bytes = call.final_cell.size() * sizeof(float);
  if (bytes == 0) return;
  if (call.initial_cell.empty()) {
    std::memset(call.final_cell.data(), 0, bytes);
  } else {
    std::memcpy(call.final_cell.data(), call.initial_cell.data(), bytes);
  }
}

double operations_of(const RecurrentForward& call, const RecurrentShape& shape) {
  const auto weights = static_cast<double>(shape.spec().gates * shape.hidden_size) *
                       static_cast<double>(shape.hidden_size + shape.input_size);
  return 2.0 * static_cast<double>(call.map->rows()) * weights;
}

/// The rows of the largest chunk: chunk_rows, or one step if that has more rows.
std::size_t largest_chunk(const RowMap& map) {
  return std::max(chunk_rows, map.nonempty_sequences());
}

}  // namespace

Status initial_state_of(DeviceSpan<const float> given, std::size_t count,
                        RecurrenceScratch& scratch, const float*& state) {
  state = given.data();
  if (!given.empty() || count == 0) return {};
  GRU_RETURN_IF_ERROR(scratch.zero_state.reserve(count));
  std::memset(scratch.zero_state.data(), 0, count * sizeof(float));
  state = scratch.zero_state.data();
  return {};
}

Status recurrent_forward(CpuRecurrentWeights& weights, const RecurrentForward& call,
                         RecurrenceScratch& scratch) {
  const std::size_t hidden = weights.shape().hidden_size;
  const float* initial_state = nullptr;
  GRU_RETURN_IF_ERROR(weights.prepare_forward());
  GRU_RETURN_IF_ERROR(
      initial_state_of(call.initial_state, call.map->batch() * hidden, scratch, initial_state));
  if (call.reserve.empty()) {
    const std::size_t rows = std::min(largest_chunk(*call.map), call.map->rows());
    GRU_RETURN_IF_ERROR(
        scratch.gates.reserve(CheckedSize(rows) * weights.shape().spec().gates * hidden));
  }
  const Division division =
      divide(*call.map, weights.shape(), operations_of(call, weights.shape()));
  start_cell(call);
  ForwardPass pass(weights, call, initial_state, scratch.gates.data(), division);
  GRU_RETURN_IF_ERROR(pass.run());
  copy_final_states(call, initial_state, hidden);
  return {};
}

}  // namespace gru::cpu
