#pragma once

#include <memory>
#include <span>
#include <vector>

#include "binding/graph_options.h"
#include "binding/object_class.h"
#include "binding/parameter_jobs.h"
#include "binding/shared_native.h"
#include "model/model.h"

namespace gru::binding {

using SharedModel = SharedNative<Model>;

/// The inputs and outputs of a graph that a step of a session has: their numbers.
struct StepForm {
  std::shared_ptr<const ModelNames> names;
  std::vector<std::size_t> inputs;
  std::vector<std::size_t> outputs;
};

/// The arrays of a step of some sequences.
struct StepArrays {
  std::vector<napi_value> given;  ///< inputs, then outputs
  std::vector<InputBatch> inputs;
  std::vector<std::span<float>> outputs;
};

/// NativeModel in JavaScript.
class ModelObject {
 public:
  static constexpr const char* class_name = "NativeModel";
  static constexpr napi_type_tag type_tag{0x7bbe6729f6325ba9, 0xb3cde598aac288c4};
  static std::unique_ptr<ModelObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  ModelObject(std::shared_ptr<SharedModel> model, std::shared_ptr<const ModelNames> names);

  // For the model's trainers and sessions.

  const std::shared_ptr<SharedModel>& shared() const { return model_; }
  const std::shared_ptr<const ModelNames>& names() const { return names_; }
  /// Their memory stays, so that a step of a session allocates nothing.
  const std::shared_ptr<StepArrays>& step_arrays() const { return step_arrays_; }
  /// All inputs and outputs.
  const std::shared_ptr<const StepForm>& step_form() const { return step_form_; }

  napi_value device(Arguments& arguments) { return model_->device(arguments); }
  napi_value parameter_count(Arguments& arguments) { return model_->parameter_count(arguments); }
  napi_value parameter_specs(Arguments& arguments) { return model_->parameter_specs(arguments); }
  napi_value read_parameters_sync(Arguments& arguments) {
    return model_->read_parameters_sync(arguments);
  }
  napi_value read_parameters(Arguments& arguments) {
    return start_reading_parameters(*model_, arguments);
  }
  napi_value write_parameters_sync(Arguments& arguments) {
    return model_->write_parameters_sync(arguments);
  }
  napi_value write_parameters(Arguments& arguments) {
    return start_writing_parameters(*model_, arguments);
  }
  napi_value fill_parameters(Arguments& arguments);
  napi_value predict_sync(Arguments& arguments);
  napi_value predict(Arguments& arguments);
  napi_value predict_together(Arguments& arguments);
  napi_value memory(Arguments& arguments);
  napi_value trim_sync(Arguments& arguments);
  napi_value trim(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  std::shared_ptr<SharedModel> model_;
  std::shared_ptr<const ModelNames> names_;
  std::shared_ptr<const StepForm> step_form_;
  std::shared_ptr<StepArrays> step_arrays_ = std::make_shared<StepArrays>();
};

}  // namespace gru::binding
