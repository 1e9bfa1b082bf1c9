#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/model.h"
#include "train/carried_states.h"
#include "train/gradient_sum.h"
#include "train/optimizer.h"
#include "train/output_loss.h"
#include "train/trainer_memory.h"
#include "train/training_pass.h"

namespace gru {

/// What happens to a step whose loss or gradients are not finite.
enum class Nonfinite : std::uint8_t { refuse, skip };

/// How a trainer changes parameters.
struct TrainerOptions {
  OptimizerOptions optimizer = {};
  ClipOptions clip = {};
  /// One for each tensor of the layout; empty: all tensors use the optimiser's options.
  std::vector<ParameterOptions> parameters = {};
  /// d in average = d * average + (1 - d) * parameters after each update; none: no average.
  std::optional<double> average_decay = std::nullopt;
  Nonfinite nonfinite = Nonfinite::refuse;
  /// All passes share one reserve (GraphPass::share_reserve).
  bool recompute_activations = false;
};

/// A batch for training: a batch of every input, and the target of every output.
struct TrainingBatch {
  std::span<const InputBatch> inputs;
  std::span<const Target> targets;
  /// True: begins with the final states of the batch with the same number in the last such step (or
  /// evaluation), and keeps its own final states. False: all states begin at zero.
  bool carry_state = false;
};

/// The options of one step.
struct StepCall {
  /// None: the optimiser's. The rates of single parameters keep their ratio to it.
  std::optional<double> learning_rate = std::nullopt;
  const AbortFlag* abort = nullptr;
};

/// The loss of one output in a batch.
struct OutputMetrics {
  double loss = 0;         ///< times the output's weight: its part in the sum of all outputs
  double denominator = 0;  ///< the divisor of the sum over the rows (OutputLoss)
  /// ctc: sequences without an alignment, valid until the next batch (OutputLoss). In a list of
  /// batches, the sequences of all batches are numbered one after another.
  std::span<const std::int32_t> impossible = {};
};

/// The state of a trainer, except gradients that wait for an update and the states that evaluations
/// carry, and of its model at the same moment.
struct TrainerState {
  std::uint64_t updates = 0;
  std::uint64_t passes = 0;          ///< training passes so far: they choose the dropout masks
  std::vector<CarriedCopy> carried;  ///< for each batch of a step's list
  /// The names of the arrays that belong to it: as Trainer::array_names.
  std::vector<std::string> arrays;
};

/// Trains one model: losses, backward, clipping and the optimiser's update as one call.
///
/// Holds the gradients, the optimiser's moments and the average on the model's device. Two threads
/// must not use it at the same time, and no other call of its model may run meanwhile. No public
/// call throws.
class Trainer {
 public:
  static Status create(std::shared_ptr<Model> model, TrainerOptions options,
                       std::unique_ptr<Trainer>& trainer) noexcept;

  /// One update with one batch, or with several batches as if they were one: each output's loss is
  /// divided by the sum of the denominators. Some of several batches may have no valid step. On any
  /// failure or abort before the update the parameters, the moments and the count of updates stay
  /// as they were. If the loss or a gradient is NaN or infinite, the step is skipped or fails with
  /// a nonfinite status.
  Status step(std::span<const TrainingBatch> batches, const StepCall& call,
              StepMetrics& metrics) noexcept;
  /// Whether the last step or update was skipped because a value was not finite.
  bool skipped() const { return skipped_; }
  /// The loss of a batch in inference, without an update; metrics.gradient_norm stays 0.
  /// `predictions` has memory for every output, as in Model::predict; an empty list: they are not
  /// stored.
  Status evaluate(const TrainingBatch& batch, const AbortFlag* abort, StepMetrics& metrics,
                  std::span<const std::span<float>> predictions = {}) noexcept;
  /// The same with the average instead of the parameters.
  Status evaluate_average(const TrainingBatch& batch, const AbortFlag* abort, StepMetrics& metrics,
                          std::span<const std::span<float>> predictions = {}) noexcept;
  /// The next step whose state is carried begins at zero.
  void reset_state() noexcept { training_states_.clear(); }
  /// The same for evaluations, which carry their own states.
  void reset_evaluation_state() noexcept { evaluation_states_.reset(); }
  /// The metrics of each output in the last batch whose losses were computed.
  std::span<const OutputMetrics> outputs() const { return outputs_; }
  /// Copies the average; `values` has an element for each parameter. Value status if there is none.
  Status read_average(std::span<float> values) noexcept;

  // For losses that the caller computes: the gradients of passes are summed until an update.

  /// Runs a training pass, with dropout. `predictions` has memory for every output, as in
  /// Model::predict.
  Status forward(TrainingPass& pass, const AbortFlag* abort,
                 std::span<const std::span<float>> predictions) noexcept;
  /// Computes the gradients of the parameters from those of the outputs, and adds them to the sum.
  /// `d_predictions` have the shapes of the predictions (empty: zero); values past a length are
  /// ignored. The pass cannot be used again. Value status if it was used before, or if parameters
  /// changed since its forward call.
  Status backward(TrainingPass& pass, const AbortFlag* abort,
                  std::span<const std::span<const float>> d_predictions) noexcept;
  /// Clips the sum and updates with it; metrics.loss is 0. If it fails, the sum stays.
  Status update(const StepCall& call, StepMetrics& metrics) noexcept;
  /// Discards the sum.
  void discard() noexcept;

  /// As of its last call. May be asked at any time.
  TrainerMemory memory() const { return memory_.get(); }
  std::size_t held_bytes() const { return memory().total(); }
  /// Frees what only the next call would use: activations, and memory for losses and for the
  /// gradients of a second batch. The next call allocates it again and has the same bits. The sum
  /// of gradients, the moments, the average and carried states stay.
  void trim() noexcept;

  /// The arrays that the options need, among firstMoment, secondMoment and average. Each has one
  /// value for each parameter, in the layout of all parameters.
  std::vector<std::string> array_names();
  /// Copies the state, the model's parameters and the arrays of array_names, at one moment.
  Status read_state(TrainerState& state, std::span<float> parameters,
                    std::span<const std::span<float>> arrays) noexcept;
  /// Takes the state of a trainer with the same options and the same layout, and discards the sum
  /// of gradients. Its arrays and the model's parameters are written by other calls. Value status,
  /// without any change, if the names of its arrays or its carried states do not fit.
  Status write_state(const TrainerState& state) noexcept;
  /// Writes a part of an array, within it, from `offset` on. Value status if there is no such
  /// array.
  Status write_array(std::string_view name, std::size_t offset,
                     std::span<const float> values) noexcept;

 private:
  explicit Trainer(std::shared_ptr<Model> model, TrainerOptions options)
      : model_(std::move(model)), options_(std::move(options)) {}

  /// Counts the memory in use now, for memory().
  void count() noexcept;
  /// guarded(body), and then counts the memory.
  template <class Body>
  Status counted(const Body& body) noexcept {
    Status status = guarded(body);
    count();
    return status;
  }
  Status allocate();
  void make_losses();
  void share_reserve();
  /// Finds the layers that no learning depends on, whose backward pass is left out.
  void find_learning_edges();
  Status check_average(const char* call) const;
  Status check_step(const StepCall& call) const;
  /// Checks the targets of all batches and adds up their denominators.
  Status sum_denominators(std::span<const TrainingBatch> batches);
  Status load(const TrainingBatch& batch, const CarriedStates& states);
  Status load_inputs(const TrainingBatch& batch, const CarriedStates& states);
  Status load_part(const TrainingBatch& batch, const CarriedStates& states);
  /// Takes the final states after the forward pass, if the batch carries its states.
  Status take_states(const TrainingBatch& batch, CarriedStates& states);
  /// Whether an output of the loaded batch has a row.
  bool has_rows() const;
  DeviceSpan<StepMetrics> metrics_of(std::size_t part, std::size_t output);
  /// Writes the gradients of all outputs into the pass.
  Status compute_losses(const TrainingBatch& batch);
  /// Adds the gradients of one batch, number `part` of a list.
  Status gather(const TrainingBatch& batch, std::size_t part, const AbortFlag* abort);
  /// Lets only the carried states go on.
  Status advance(const TrainingBatch& batch, std::size_t part, const AbortFlag* abort);
  Status gather_all(std::span<const TrainingBatch> batches, const AbortFlag* abort);
  void begin_parts();
  void note_impossible(std::size_t first_sequence);
  /// Computes the losses and the norm of the gradients.
  Status measure(StepMetrics& metrics);
  Status measure_norm();
  Status download_losses(StepMetrics& metrics);
  Status find_origin(std::span<const TrainingBatch> batches, std::string& where);
  Status explain(std::span<const TrainingBatch> batches, const StepMetrics& measured);
  Status clip();
  /// Clips the gradients and updates the parameters.
  Status apply(const StepCall& call);
  Status run_step(std::span<const TrainingBatch> batches, const StepCall& call,
                  StepMetrics& metrics);
  Status run_update(const StepCall& call, StepMetrics& metrics);
  template <class Forward>
  Status run_evaluate(const TrainingBatch& batch, StepMetrics& metrics,
                      std::span<const std::span<float>> predictions, const Forward& forward);
  Status run_forward(TrainingPass& pass, const AbortFlag* abort,
                     std::span<const std::span<float>> predictions);
  Status check_pass(const TrainingPass& pass);
  Status load_gradient(TrainingPass& pass, std::size_t output, std::span<const float> given);
  Status run_backward(TrainingPass& pass, const AbortFlag* abort,
                      std::span<const std::span<const float>> d_predictions);
  struct StateBuffer;
  std::vector<StateBuffer> state_buffers();

  std::shared_ptr<Model> model_;
  TrainerOptions options_;
  Optimizer optimizer_;
  std::uint64_t passes_ = 0;
  bool skipped_ = false;

  std::shared_ptr<SharedReserve> shared_reserve_;  ///< null: none is shared
  std::vector<bool> learning_edges_;  ///< as of Graph::learning_edges; empty: nothing is frozen
  GraphPass pass_;
  std::vector<CarriedStates> training_states_;  ///< of each batch of a step
  CarriedStates evaluation_states_;
  std::vector<std::unique_ptr<OutputLoss>> losses_;  ///< of each output
  std::vector<OutputMetrics> outputs_;
  std::vector<std::vector<std::int32_t>> impossible_;  ///< of each output
  std::vector<double> denominators_;                   ///< of each output, in all batches of a list
  std::size_t parts_ = 0;      ///< batches of a list whose losses were computed
  bool is_gathering_ = false;  ///< whether gradients_ waits for `update`
  GradientSum gradients_;
  Buffer<float> average_;
  Published<TrainerMemory> memory_;
  /// For each batch of a list, the loss of each output. The first also has the gradients' norm.
  Buffer<StepMetrics> metrics_;
};

}  // namespace gru
