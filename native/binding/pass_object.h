#pragma once

#include <memory>

#include "binding/gru_object.h"
#include "binding/object_class.h"
#include "model/gru_layer.h"

namespace gru::binding {

/// A training pass with the layer on whose device it lies, which must outlive it.
struct KeptPass {
  std::shared_ptr<GruLayer> layer;
  std::unique_ptr<GruPass> pass;
};

/// NativePass in JavaScript. Native calls alone make one: see Environment::create_pass.
class PassObject {
 public:
  static constexpr const char* class_name = "NativePass";
  static constexpr napi_type_tag type_tag{0x71e0f4a85cc24d93, 0x94b82d06e3f15a7c};
  static std::unique_ptr<PassObject> construct(Arguments& arguments);
  static napi_value define(napi_env env);

  PassObject(std::shared_ptr<SharedGru> gru, Owned<KeptPass> kept)
      : kept_(std::move(gru), std::move(kept)) {}

  napi_value backward_sync(Arguments& arguments);
  napi_value backward(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  /// ERR_GRU_DISPOSED where the pass or its layer is gone.
  const std::shared_ptr<KeptPass>& kept() const;
  /// The pass for its one backward, which uses it up.
  std::shared_ptr<KeptPass> take();

  OwnedOnDevice<KeptPass, GruLayer> kept_;
};

/// The NativePass of a pass through `gru`.
napi_value create_pass(Environment& environment, std::shared_ptr<SharedGru> gru,
                       Owned<KeptPass> kept);

}  // namespace gru::binding
