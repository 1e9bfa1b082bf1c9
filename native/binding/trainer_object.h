#pragma once

#include <memory>

#include "binding/model_object.h"
#include "binding/object_class.h"
#include "train/trainer.h"

namespace gru::binding {

/// NativeTrainer in JavaScript. Its calls and its model's share one queue.
class TrainerObject {
 public:
  static constexpr const char* class_name = "NativeTrainer";
  static constexpr napi_type_tag type_tag{0x06296cd21b045ca7, 0xc2f5d3330c37606e};
  static std::unique_ptr<TrainerObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  TrainerObject(const ModelObject& model, Owned<Trainer> trainer)
      : names_(model.names()), owned_(model.shared(), std::move(trainer)) {}

  napi_value step_sync(Arguments& arguments);
  napi_value step(Arguments& arguments);
  napi_value evaluate(Arguments& arguments);
  napi_value reset_state(Arguments& arguments);
  napi_value reset_evaluation_state(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  using Operation = Status (Trainer::*)(const TrainingBatch&, StepMetrics&) noexcept;

  Trainer& idle_trainer(const Arguments& arguments, const char* call) const;
  /// ERR_GRU_DISPOSED where the trainer or its model is gone.
  const std::shared_ptr<Trainer>& trainer() const;
  napi_value start(const Arguments& arguments, const char* name, Operation operation);

  std::shared_ptr<const ModelNames> names_;
  OwnedOnDevice<Trainer, Model> owned_;
};

}  // namespace gru::binding
