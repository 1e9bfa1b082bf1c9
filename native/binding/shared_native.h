#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "binding/environment.h"
#include "binding/executor.h"
#include "binding/failure.h"
#include "binding/object_class.h"
#include "binding/promise_job.h"
#include "binding/results.h"
#include "binding/shapes.h"

namespace gru::binding {

/// Part of a JavaScript object that owns something on the device of a shared native object.
class Dependent {
 public:
  Dependent() = default;
  Dependent(const Dependent&) = delete;
  Dependent& operator=(const Dependent&) = delete;
  virtual ~Dependent() = default;
  /// Lets go of it, since the shared object is disposed of.
  virtual void release() noexcept = 0;
};

/// A RecurrentModule or a Model as the JavaScript objects that work on it share it: with one queue
/// for the jobs of all of them, and disposed once for all of them, which then own nothing on its
/// device any more. Tells V8 of all the memory that its device holds. For the JavaScript thread.
template <class T>
class SharedNative {
 public:
  /// `name` is what messages call it, `device` the device that it is on.
  SharedNative(napi_env env, const char* name, std::string device, std::shared_ptr<T> object)
      : name_(name),
        device_(std::move(device)),
        alive_(object),
        owned_(queue_, std::move(object)),
        memory_(env) {
    queue_->observe([this] { tell_v8(); });
    tell_v8();
  }
  SharedNative(const SharedNative&) = delete;
  SharedNative& operator=(const SharedNative&) = delete;
  ~SharedNative() { queue_->observe(nullptr); }

  const std::shared_ptr<JobQueue>& queue() const { return queue_; }

  /// The object for a job to hold. ERR_GRU_DISPOSED where there is none.
  const std::shared_ptr<T>& object() const {
    if (!owned_.object()) refuse_disposed(name_);
    return owned_.object();
  }

  /// The object for the length of a synchronous call.
  class IdleObject {
   public:
    explicit IdleObject(SharedNative& shared) : shared_(shared) {}
    IdleObject(const IdleObject&) = delete;
    IdleObject& operator=(const IdleObject&) = delete;
    ~IdleObject() { shared_.tell_v8(); }
    T* operator->() const { return shared_.object().get(); }

   private:
    SharedNative& shared_;
  };
  /// For a call that cannot wait for its turn. ERR_GRU_BUSY while a promise is pending: the message
  /// names `call`, what is pending, and `remedy`.
  IdleObject idle_object(napi_env env, std::string_view call, const char* remedy) {
    object();
    if (!queue_->is_idle()) {
      refuse("ERR_GRU_BUSY", std::string(call),
             std::string("no promise of the same ") + name_ + " to be pending",
             "pending " + Environment::of(env).pending_calls(*queue_) + "; " + remedy);
    }
    return IdleObject(*this);
  }

  /// Starts a job that works on the object, and returns its promise.
  napi_value start(std::unique_ptr<PromiseJob> job) {
    job->work = [work = std::move(job->work), object = object(), held = held_] {
      Status status = work();
      *held = object->held_bytes();
      return status;
    };
    return start_job(std::move(job));
  }

  void attach(Dependent& dependent) {
    dependents_.insert(&dependent);
    if (!owned_.object()) dependent.release();
  }
  void detach(Dependent& dependent) noexcept { dependents_.erase(&dependent); }

  void dispose() {
    for (Dependent* const dependent : dependents_) dependent->release();
    owned_.reset();
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
  napi_value read_parameters(const Arguments& arguments) {
    const IdleObject found = idle_owner(arguments, "readParameters");
    check(found->read_parameters(
        read_tensor<float>(arguments.env(), arguments[0], "target", shape_of(found->layout()))));
    return nullptr;
  }
  napi_value write_parameters(const Arguments& arguments) {
    const IdleObject found = idle_owner(arguments, "writeParameters");
    check(found->write_parameters(
        read_tensor<float>(arguments.env(), arguments[0], "source", shape_of(found->layout()))));
    return nullptr;
  }

 private:
  /// How much memory there is now or, while jobs are pending, was after the last one.
  void tell_v8() noexcept {
    if (queue_->is_idle()) {
      const std::shared_ptr<T> alive = alive_.lock();
      *held_ = alive ? alive->held_bytes() : 0;
    }
    memory_.set(*held_);
  }

  /// For a call that copies parameters; its second argument is what messages call it, by default
  /// `method`.
  IdleObject idle_owner(const Arguments& arguments, const char* method) {
    const napi_env env = arguments.env();
    const std::string call = is_undefined(env, arguments[1])
                                 ? method
                                 : read_string(env, arguments[1], "call", "a string");
    return idle_object(env, call, "await it first");
  }

  const char* name_;
  std::string device_;
  std::shared_ptr<JobQueue> queue_ = std::make_shared<JobQueue>();
  std::weak_ptr<T> alive_;
  Owned<T> owned_;
  std::unordered_set<Dependent*> dependents_;
  /// As the last job left it; jobs write it.
  std::shared_ptr<std::atomic<std::size_t>> held_ = std::make_shared<std::atomic<std::size_t>>(0);
  ExternalMemory memory_;
};

/// What a JavaScript object owns on the device of a shared one: a trainer on its model's, a pass on
/// its layer's. It goes with the shared one.
template <class T, class Shared>
class OwnedOnDevice final : public Dependent {
 public:
  OwnedOnDevice(std::shared_ptr<SharedNative<Shared>> shared, Owned<T> owned)
      : shared_(std::move(shared)), owned_(std::move(owned)) {
    shared_->attach(*this);
  }
  ~OwnedOnDevice() override {
    owned_.reset();
    shared_->detach(*this);
  }

  SharedNative<Shared>& shared() const { return *shared_; }
  /// Null once it was reset. ERR_GRU_DISPOSED where the shared object is gone.
  const std::shared_ptr<T>& object() const {
    shared_->object();
    return owned_.object();
  }
  void release() noexcept override { owned_.reset(); }

 private:
  std::shared_ptr<SharedNative<Shared>> shared_;
  Owned<T> owned_;
};

}  // namespace gru::binding
