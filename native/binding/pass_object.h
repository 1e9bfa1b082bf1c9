#pragma once

#include <memory>

#include "binding/object_class.h"
#include "binding/recurrent_object.h"
#include "model/recurrent_module.h"

namespace gru::binding {

/// A training pass, and the layer whose device holds it and which must outlive it.
struct KeptPass {
  std::shared_ptr<RecurrentModule> layer;
  std::unique_ptr<RecurrentPass> pass;

  /// Nothing changes a pass between its forward and backward calls.
  std::size_t held_bytes() const { return pass->held_bytes(); }
};

/// NativePass in JavaScript. Only native calls make one: see Surface::create_pass.
class PassObject {
 public:
  static constexpr const char* class_name = "NativePass";
  static constexpr napi_type_tag type_tag{0xe718ec34559ed04a, 0x15be14006cbf567a};
  static std::unique_ptr<PassObject> construct(Arguments& arguments);
  static napi_value define(Surface& surface);

  PassObject(std::shared_ptr<SharedLayer> layer, Owned<KeptPass> kept)
      : kept_(std::move(layer), std::move(kept)) {}

  napi_value backward_sync(Arguments& arguments);
  napi_value backward(Arguments& arguments);
  napi_value memory(Arguments& arguments);
  napi_value dispose(Arguments& arguments);

 private:
  /// Fails with ERR_GRU_DISPOSED if the pass or its layer was disposed of.
  const std::shared_ptr<KeptPass>& kept() const;
  /// The pass for its only backward, which overwrites it.
  std::shared_ptr<KeptPass> take();

  OwnedOnDevice<KeptPass, RecurrentModule, &DependentBytes::passes> kept_;
};

/// Makes the NativePass of a pass through `layer`.
napi_value create_pass(Surface& surface, std::shared_ptr<SharedLayer> layer, Owned<KeptPass> kept);

}  // namespace gru::binding
