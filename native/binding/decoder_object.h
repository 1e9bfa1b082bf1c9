#pragma once

#include <memory>

#include "binding/model_object.h"
#include "binding/object_class.h"
#include "model/decoder.h"

namespace gru::binding {

/// NativeDecoder in JavaScript. Its calls and its model's share one queue.
class DecoderObject {
 public:
  static constexpr const char* class_name = "NativeDecoder";
  static constexpr napi_type_tag type_tag{0x5e1f0c7f2a9d4b36, 0x8d40f1c2b7a6953e};
  static std::unique_ptr<DecoderObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  DecoderObject(const ModelObject& model, Owned<Decoder> decoder);

  // For sessions.

  /// Fails with ERR_GRU_DISPOSED if the decoder or its model was disposed of.
  const std::shared_ptr<Decoder>& decoder() const;
  const SharedModel& shared() const { return owned_.shared(); }
  /// The tokens of the target and the logits.
  const std::shared_ptr<const StepForm>& step_form() const { return step_form_; }

  napi_value decode_sync(Arguments& arguments);
  napi_value decode(Arguments& arguments);
  napi_value trim_sync(Arguments& arguments);
  napi_value trim(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  std::shared_ptr<const ModelNames> names_;
  std::shared_ptr<const StepForm> step_form_;
  OwnedOnDevice<Decoder, Model, nullptr> owned_;
};

}  // namespace gru::binding
