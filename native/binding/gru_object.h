#pragma once

#include <memory>

#include "binding/object_class.h"
#include "binding/shared_native.h"
#include "model/recurrent_module.h"

namespace gru::binding {

using SharedGru = SharedNative<RecurrentModule>;

/// NativeGru in JavaScript.
class GruObject {
 public:
  static constexpr const char* class_name = "NativeGru";
  static constexpr napi_type_tag type_tag{0x503a78dc645a736f, 0xf4bf8d354868085f};
  static std::unique_ptr<GruObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  explicit GruObject(std::shared_ptr<SharedGru> gru) : gru_(std::move(gru)) {}

  napi_value device(Arguments& arguments) { return gru_->device(arguments); }
  napi_value parameter_count(Arguments& arguments) { return gru_->parameter_count(arguments); }
  napi_value parameter_specs(Arguments& arguments) { return gru_->parameter_specs(arguments); }
  napi_value read_parameters(Arguments& arguments) { return gru_->read_parameters(arguments); }
  napi_value write_parameters(Arguments& arguments) { return gru_->write_parameters(arguments); }
  napi_value forward_sync(Arguments& arguments);
  napi_value forward(Arguments& arguments);
  napi_value forward_training_sync(Arguments& arguments);
  napi_value forward_training(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  std::shared_ptr<SharedGru> gru_;
};

}  // namespace gru::binding
