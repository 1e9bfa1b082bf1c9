#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "model/model.h"

namespace gru {

/// One step of every sequence of a session.
struct SessionStep {
  /// A batch of every input of the graph, of one step and without lengths.
  std::span<const InputBatch> inputs;
  /// Memory for every output: [batch, width].
  std::span<const std::span<float>> outputs;
  const AbortFlag* abort = nullptr;
};

/// Sequences that a model computes step by step, and the states of its recurrent layers between the
/// steps. The outputs of a step have the same bits as those of Model::predict for all steps since
/// the beginning; an output with one row for each sequence is the one after the last step. Sessions
/// share the model's weights and the memory of its passes: a session has its states alone. Two
/// threads must not use one session at the same time; different sessions of one model only if the
/// model's device has siblings (Device::create_sibling). Public calls do not throw.
///
/// The states of a session are one array: for each of Graph::states() in their order [blocks,
/// batch, width].
class Session {
 public:
  /// Fails with a value status that names the layer that cannot be computed step by step.
  static Status create(std::shared_ptr<Model> model, std::size_t batch,
                       std::unique_ptr<Session>& session) noexcept;

  const Graph& graph() const { return model_->graph(); }
  std::size_t batch() const { return batch_; }
  /// The number of values of all states.
  CheckedSize state_count() const { return graph().state_count(batch_); }
  /// The memory of its states, which it gets with its first step. May be asked at any time.
  std::size_t held_bytes() const noexcept { return held_.load(std::memory_order_relaxed); }

  /// A step that fails or is aborted leaves the states as they were. If the device fails while it
  /// copies the new states, the states are undefined.
  Status step(const SessionStep& call) noexcept;
  /// One step of several sessions of one model, each of them given once, as one batch: first the
  /// sequences of the first session, then those of the next one. The results have the same bits as
  /// those of step(). If it fails or is aborted, the states of all sessions stay as they were, with
  /// the same exception.
  static Status step_together(std::span<Session* const> sessions, const SessionStep& call) noexcept;
  /// Lets the next step begin with zeros, if the session knows of fewer than `count` resets. Calls
  /// on other threads bring the number of resets that were asked for before them.
  void reset_to(std::uint64_t count) noexcept {
    is_zero_ = is_zero_ || count > resets_;
    resets_ = std::max(resets_, count);
  }
  /// Takes over the states of a session of the same model with as many sequences.
  Status copy_from(const Session& other) noexcept;
  Status read_states(std::span<float> states) const noexcept;
  Status write_states(std::span<const float> states) noexcept;

 private:
  Session(std::shared_ptr<Model> model, std::size_t batch)
      : model_(std::move(model)), batch_(batch) {}

  Status reserve_states();
  Status run(const SessionStep& call);
  static Status run_together(std::span<Session* const> sessions, const SessionStep& call);
  /// Copies the states to their rows in `all`, the states of `batch` sequences, of which `first` is
  /// the first one of this session.
  Status gather(Device& device, DeviceSpan<float> all, std::size_t batch, std::size_t first) const;
  /// Copies the states from their rows in `all`.
  Status scatter(Device& device, DeviceSpan<const float> all, std::size_t batch, std::size_t first);

  std::shared_ptr<Model> model_;
  std::size_t batch_;
  bool is_zero_ = true;  ///< all states are zero, and states_ may be empty
  std::uint64_t resets_ = 0;
  Buffer<float> states_;
  std::atomic<std::size_t> held_{0};  ///< of states_
};

}  // namespace gru
