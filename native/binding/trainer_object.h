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

  TrainerObject(std::shared_ptr<SharedModel> model, Owned<Trainer> trainer)
      : owned_(std::move(model), std::move(trainer)) {}

  napi_value step_sync(Arguments& arguments);
  napi_value step(Arguments& arguments);
  napi_value evaluate(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  using Operation = Status (Trainer::*)(const TrainingBatch&, StepMetrics&) noexcept;

  /// ERR_GRU_DISPOSED where the trainer or its model is gone.
  const std::shared_ptr<Trainer>& trainer() const;
  Target read_target(const Arguments& arguments, const BatchShape& batch) const;
  napi_value start(const Arguments& arguments, const char* call, Operation operation);

  OwnedOnDevice<Trainer, Model> owned_;
};

}  // namespace gru::binding
