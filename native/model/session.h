#pragma once

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <utility>

#include "model/decoder.h"
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
/// threads must not use one session, or copies of one decoder's session, at the same time;
/// different sessions of one model only if the model's device has siblings
/// (Device::create_sibling). Public calls do not throw.
///
/// A session of a decoder has targets of sources that encode() read. A step then takes a token of
/// each target, gives the logits of the next one, and begins with the initial states that follow
/// from the sources. Copies of the session share what was read of them.
///
/// The states of a session are one array: for each of states() in their order [blocks, batch,
/// width].
class Session {
 public:
  /// Fails with a value status that names the layer that cannot be computed step by step.
  static Status create(std::shared_ptr<Model> model, std::size_t batch,
                       std::unique_ptr<Session>& session) noexcept;

  /// The same for a decoder.
  static Status create(std::shared_ptr<Decoder> decoder, std::size_t batch,
                       std::unique_ptr<Session>& session) noexcept;

  const Graph& graph() const { return model_->graph(); }
  /// Null: a session of a whole model.
  const Decoder* decoder() const { return decoder_.get(); }
  std::size_t batch() const { return batch_; }
  std::span<const GraphState> states() const {
    return decoder_ ? decoder_->parts().states : graph().states();
  }
  /// The number of values of all states.
  CheckedSize value_count() const { return count_values(states(), batch_); }
  /// The memory of its states, which it gets with its first step. May be asked at any time.
  std::size_t held_bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }

  /// Reads the sources of a decoder's session, before its first step. `inputs` are as in a
  /// DecodeCall. If it fails, the session has the sources and states that it had.
  Status encode(std::span<const InputBatch> inputs, const AbortFlag* abort) noexcept;
  /// A step that fails or is aborted leaves the states as they were. If the device fails while it
  /// copies the new states, they are lost: calls fail until the session begins anew or gets others.
  Status step(const SessionStep& call) noexcept;
  /// One step of several sessions of one model, each of them given once, as one batch: first the
  /// sequences of the first session, then those of the next one. The results have the same bits as
  /// those of step(). If it fails or is aborted, the states of all sessions stay as they were, with
  /// the same exception: then those of all sessions are lost. No session may be of a decoder.
  static Status step_together(std::span<Session* const> sessions, const SessionStep& call) noexcept;
  /// Lets the next step begin with the initial states, if the session knows of fewer than `count`
  /// resets. Calls on other threads bring the number of resets that were asked for before them.
  void reset_to(std::uint64_t count) noexcept {
    if (count > resets_) held_ = Held::initial;
    resets_ = std::max(resets_, count);
  }
  /// Takes over the states of a session of the same model or decoder with as many sequences.
  Status copy_from(const Session& other) noexcept;
  Status read_states(std::span<float> states) const noexcept;
  Status write_states(std::span<const float> states) noexcept;

 private:
  /// Which states the session has.
  enum class Held : std::uint8_t {
    initial,  ///< zeros, or those of the context; states_ may be empty
    own,      ///< those in states_
    lost,
  };

  Session(std::shared_ptr<Model> model, std::shared_ptr<Decoder> decoder, std::size_t batch)
      : model_(std::move(model)), decoder_(std::move(decoder)), batch_(batch) {}

  /// Whether the session has states. A decoder's session must have its sources.
  Status check_states() const;
  /// The states before a step. Empty: zeros.
  DeviceSpan<const float> before() const;
  Status compute(Inference& inference, const SessionStep& call);
  Status reserve_states();
  Status run(const SessionStep& call);
  static Status run_together(std::span<Session* const> sessions, const SessionStep& call);
  /// Copies the states to their rows in `all`, the states of `batch` sequences, of which `first` is
  /// the first one of this session.
  Status gather(Device& device, DeviceSpan<float> all, std::size_t batch, std::size_t first) const;
  /// Copies the states from their rows in `all`.
  Status scatter(Device& device, DeviceSpan<const float> all, std::size_t batch, std::size_t first);

  std::shared_ptr<Model> model_;
  std::shared_ptr<Decoder> decoder_;
  std::shared_ptr<DecoderContext> context_;  ///< of a decoder's session, after encode()
  std::size_t batch_;
  Held held_ = Held::initial;
  std::uint64_t resets_ = 0;
  Buffer<float> states_;
  std::atomic<std::size_t> bytes_{0};  ///< of states_
};

}  // namespace gru
