#pragma once

#include <memory>

#include "binding/object_class.h"
#include "binding/promise_job.h"
#include "binding/shared_native.h"
#include "model/model.h"

namespace gru::binding {

using SharedModel = SharedNative<Model>;

/// NativeModel in JavaScript.
class ModelObject {
 public:
  static constexpr const char* class_name = "NativeModel";
  static constexpr napi_type_tag type_tag{0x7bbe6729f6325ba9, 0xb3cde598aac288c4};
  static std::unique_ptr<ModelObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  explicit ModelObject(std::shared_ptr<SharedModel> model) : model_(std::move(model)) {}

  /// For the model's trainers.
  const std::shared_ptr<SharedModel>& shared() const { return model_; }

  napi_value device(Arguments& arguments) { return model_->device(arguments); }
  napi_value parameter_count(Arguments& arguments) { return model_->parameter_count(arguments); }
  napi_value parameter_specs(Arguments& arguments) { return model_->parameter_specs(arguments); }
  napi_value read_parameters(Arguments& arguments) { return model_->read_parameters(arguments); }
  napi_value write_parameters(Arguments& arguments) { return model_->write_parameters(arguments); }
  napi_value predict_sync(Arguments& arguments);
  napi_value predict(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  std::shared_ptr<SharedModel> model_;
};

/// `modelParameterSpecs(options)`: the ParameterSpecs of a model that is not made.
napi_value model_parameter_specs(Arguments& arguments);

/// The first four arguments of every call on a batch of a model's, in place.
InputBatch read_model_input(const Arguments& arguments, const Graph& graph);
/// Moves them into the job's own memory.
void keep_model_input(PromiseJob& job, InputBatch& input);

}  // namespace gru::binding
