#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <utility>

#include "binding/executor.h"
#include "binding/failure.h"
#include "binding/object_class.h"
#include "binding/results.h"
#include "binding/shapes.h"

namespace gru::binding {

/// A GruLayer or a Model as the JavaScript objects that work on it share it: with one queue for the
/// jobs of all of them, and disposed once for all of them. For the JavaScript thread.
template <class T>
class SharedNative {
 public:
  /// `name` is what messages call it, `device` the device that it is on.
  SharedNative(napi_env env, const char* name, std::string device, std::shared_ptr<T> object)
      : name_(name), device_(std::move(device)), owned_(queue_, std::move(object)), memory_(env) {
    memory_.set(owned_.object()->layout().count() * sizeof(float));
  }

  const std::shared_ptr<JobQueue>& queue() const { return queue_; }

  /// The object for a job to hold. ERR_GRU_DISPOSED where there is none.
  const std::shared_ptr<T>& object() const {
    if (!owned_.object()) refuse_disposed(name_);
    return owned_.object();
  }

  /// The object for a synchronous call. ERR_GRU_BUSY while a promise is pending.
  T& idle_object() const {
    T& found = *object();
    if (!queue_->is_idle()) {
      throw Failure{"ERR_GRU_BUSY", std::string(name_) +
                                        ": expected no promise to be pending, got a synchronous "
                                        "call while one is"};
    }
    return found;
  }

  void dispose() {
    owned_.reset();
    memory_.set(0);
  }

  // The part of the surface that both classes have.

  napi_value device(const Arguments& arguments) const {
    return make_string(arguments.env(), device_);
  }
  napi_value parameter_count(const Arguments& arguments) const {
    return make_number(arguments.env(), static_cast<double>(object()->layout().count()));
  }
  napi_value parameter_specs(const Arguments& arguments) const {
    return binding::parameter_specs(arguments.env(), object()->layout());
  }
  napi_value read_parameters(const Arguments& arguments) const {
    T& found = idle_object();
    check(found.read_parameters(
        read_tensor<float>(arguments.env(), arguments[0], "target", shape_of(found.layout()))));
    return nullptr;
  }
  napi_value write_parameters(const Arguments& arguments) const {
    T& found = idle_object();
    check(found.write_parameters(
        read_tensor<float>(arguments.env(), arguments[0], "source", shape_of(found.layout()))));
    return nullptr;
  }

 private:
  const char* name_;
  std::string device_;
  std::shared_ptr<JobQueue> queue_ = std::make_shared<JobQueue>();
  Owned<T> owned_;
  ExternalMemory memory_;
};

}  // namespace gru::binding
