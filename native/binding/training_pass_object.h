#pragma once

#include <memory>

#include "binding/object_class.h"
#include "binding/trainer_object.h"

namespace gru::binding {

/// NativeTrainingPass in JavaScript.
class TrainingPassObject {
 public:
  static constexpr const char* class_name = "NativeTrainingPass";
  static constexpr napi_type_tag type_tag{0x5b0f3a0d27c94e16, 0x9d7c1e84a2f6b053};
  static std::unique_ptr<TrainingPassObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  TrainingPassObject(std::shared_ptr<SharedTrainer> trainer, Owned<TrainingPass> pass)
      : trainer_(std::move(trainer)), pass_(trainer_->model(), std::move(pass)) {}

  napi_value forward_sync(Arguments& arguments);
  napi_value forward(Arguments& arguments);
  napi_value backward_sync(Arguments& arguments);
  napi_value backward(Arguments& arguments);
  napi_value memory(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  /// Fails with ERR_GRU_DISPOSED if the pass, its trainer or the model was disposed of.
  const std::shared_ptr<TrainingPass>& pass() const;
  /// The pass, for its only backward call.
  std::shared_ptr<TrainingPass> take();
  SharedModel::IdleObject idle_model(const Arguments& arguments, const char* call,
                                     const char* remedy) const;

  std::shared_ptr<SharedTrainer> trainer_;
  OwnedOnDevice<TrainingPass, Model, &DependentBytes::passes> pass_;
};

}  // namespace gru::binding
