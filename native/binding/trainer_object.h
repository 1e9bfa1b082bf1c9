#pragma once

#include <memory>

#include "binding/model_object.h"
#include "binding/object_class.h"
#include "train/trainer.h"

namespace gru::binding {

/// A trainer on the device of its model. The trainer's object and its passes share it.
class SharedTrainer {
 public:
  SharedTrainer(const ModelObject& model, Owned<Trainer> trainer)
      : names_(model.names()), model_(model.shared()), owned_(model.shared(), std::move(trainer)) {}

  /// Fails with ERR_GRU_DISPOSED if the trainer or its model was disposed of.
  const std::shared_ptr<Trainer>& trainer() const;
  const std::shared_ptr<SharedModel>& model() const { return model_; }
  const ModelNames& names() const { return *names_; }
  void release() { owned_.release(); }

 private:
  std::shared_ptr<const ModelNames> names_;
  std::shared_ptr<SharedModel> model_;
  OwnedOnDevice<Trainer, Model, &DependentBytes::trainers> owned_;
};

/// NativeTrainer in JavaScript. Its calls and its model's share one queue.
class TrainerObject {
 public:
  static constexpr const char* class_name = "NativeTrainer";
  static constexpr napi_type_tag type_tag{0x06296cd21b045ca7, 0xc2f5d3330c37606e};
  static std::unique_ptr<TrainerObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  explicit TrainerObject(std::shared_ptr<SharedTrainer> shared) : shared_(std::move(shared)) {}

  /// For the passes of the trainer.
  const std::shared_ptr<SharedTrainer>& shared() const { return shared_; }

  napi_value step_sync(Arguments& arguments);
  napi_value step(Arguments& arguments);
  napi_value evaluate(Arguments& arguments);
  napi_value evaluate_average(Arguments& arguments);
  napi_value read_average_sync(Arguments& arguments);
  napi_value read_average(Arguments& arguments);
  napi_value update_sync(Arguments& arguments);
  napi_value update(Arguments& arguments);
  napi_value discard_sync(Arguments& arguments);
  napi_value discard(Arguments& arguments);
  napi_value reset_state(Arguments& arguments);
  napi_value reset_evaluation_state(Arguments& arguments);
  napi_value read_state(Arguments& arguments);
  napi_value write_state(Arguments& arguments);
  napi_value memory(Arguments& arguments);
  napi_value trim_sync(Arguments& arguments);
  napi_value trim(Arguments& arguments);
  napi_value write_state_array(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  using Evaluation = Status (Trainer::*)(const TrainingBatch&, const AbortFlag*, StepMetrics&,
                                         std::span<const std::span<float>>) noexcept;

  napi_value start_evaluation(const Arguments& arguments, const char* name, Evaluation evaluation);
  /// A job that is not abortable.
  std::unique_ptr<PromiseJob> create_job(const Arguments& arguments, const char* name) const;
  SharedModel::IdleObject idle_model(const Arguments& arguments, const char* name) const;

  std::shared_ptr<SharedTrainer> shared_;
};

}  // namespace gru::binding
