#pragma once

#include <memory>

#include "binding/object_class.h"
#include "device/device.h"

namespace gru::binding {

/// AbortFlag in JavaScript. It shares its flag with the jobs that it was passed to.
class AbortObject {
 public:
  static constexpr const char* class_name = "AbortFlag";
  static constexpr napi_type_tag type_tag{0xb1cbc3ac93ca0fa5, 0xcb6f9e4c226307d3};
  static std::unique_ptr<AbortObject> construct(Arguments&) {
    return std::make_unique<AbortObject>();
  }
  static napi_value define(Surface& surface);

  const std::shared_ptr<AbortFlag>& flag() const { return flag_; }
  napi_value abort(Arguments& arguments);

 private:
  std::shared_ptr<AbortFlag> flag_ = std::make_shared<AbortFlag>(false);
};

/// The flag of an `abort` argument; null if the argument is null.
std::shared_ptr<AbortFlag> read_abort(const Arguments& arguments, napi_value value);

}  // namespace gru::binding
