#pragma once

#include <atomic>
#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "binding/environment.h"
#include "binding/executor.h"
#include "binding/failure.h"
#include "binding/held_memory.h"
#include "binding/object_class.h"
#include "binding/object_registry.h"
#include "binding/promise_job.h"
#include "binding/results.h"
#include "binding/shapes.h"
#include "binding/system_memory.h"
#include "cpu/cpu_device.h"

namespace gru::binding {

/// The part of a JavaScript object that owns something on the device of a shared native object.
class Dependent {
 public:
  Dependent() = default;
  Dependent(const Dependent&) = delete;
  Dependent& operator=(const Dependent&) = delete;
  virtual ~Dependent() = default;
  /// Releases what it owns, because the shared object is disposed of.
  virtual void release() noexcept = 0;
  /// Adds what it owns now.
  virtual void count(DependentBytes& bytes) const noexcept = 0;
};

/// A RecurrentModule or a Model that several JavaScript objects share. They share one queue for all
/// their jobs. It is disposed of once for all of them; after that they own nothing on its device.
/// It tells V8 about all memory that the device holds. Only the JavaScript thread may use it.
template <class T>
class SharedNative {
 public:
  /// `name` is its name in messages, `device` the name of its device.
  SharedNative(napi_env env, const char* name, std::string device, std::shared_ptr<T> object)
      : name_(name),
        device_(std::move(device)),
        queue_(std::make_shared<JobQueue>(object->computes_on_host() ? cpu::threads : one_job)),
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

  /// The object, for a job to keep. Fails with ERR_GRU_DISPOSED if it was disposed of.
  const std::shared_ptr<T>& object() const {
    if (!owned_.object()) refuse_disposed(name_);
    return owned_.object();
  }

  /// The object for the time of a synchronous call.
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
  /// The object for a call that cannot wait. Fails with ERR_GRU_BUSY while a promise is pending:
  /// the message names `call`, the pending calls, and `remedy`.
  IdleObject idle_object(napi_env env, std::string_view call, const char* remedy) {
    object();
    if (!queue_->is_idle()) {
      refuse("ERR_GRU_BUSY", std::string(call),
             std::string("no promise of the same ") + name_ + " to be pending",
             "pending " + Environment::of(env).pending_calls(*queue_) + "; " + remedy);
    }
    return IdleObject(*this);
  }

  /// Starts a job that works on the object, and returns its promise. By default no other job of the
  /// object runs meanwhile (JobAccess).
  napi_value start(std::unique_ptr<PromiseJob> job) {
    // The object first: it must outlive what the work owns on its device.
    job->work = [object = object(), work = std::move(job->work), held = held_,
                 caller = cpu::current_thread()] {
      std::optional<cpu::ComputingThread> computing;
      if (object->computes_on_host()) computing.emplace(caller);
      Status status = work();
      *held = object->held_bytes();
      return status;
    };
    return start_job(std::move(job));
  }
  /// The same, of a job that computes one step of `batch` sequences and `others` operations beside
  /// the products with the parameters. A small step is done at once.
  napi_value start_step(std::unique_ptr<PromiseJob> job, std::size_t batch,
                        CheckedSize others = 0) {
    // An upper bound of the multiply-adds: an embedding reads one row of its table for each
    // sequence, but all its parameters are counted.
    const auto operations = (CheckedSize(object()->layout().count()) * batch + others).elements();
    const bool is_small = operations && *operations <= at_once_operations;
    if (is_small && object()->computes_on_host()) job->do_at_once();
    return start(std::move(job));
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

  DependentBytes dependent_bytes() const noexcept {
    DependentBytes bytes;
    for (const Dependent* const dependent : dependents_) dependent->count(bytes);
    return bytes;
  }
  /// All bytes on the device. While jobs are pending, those after the last one.
  std::size_t total_bytes() noexcept {
    tell_v8();
    return held_->load(std::memory_order_relaxed);
  }

  /// Starts a job that trims `owner`, which may be the object itself or something on its device.
  /// `call` is its name in messages.
  template <class Owner>
  napi_value start_trim(const Arguments& arguments, const char* call,
                        std::shared_ptr<Owner> owner) {
    auto job = std::make_unique<PromiseJob>(arguments.surface(), call, queue_, nullptr);
    job->work = [owner = std::move(owner)] {
      owner->trim();
      give_back_to_system();
      return Status();
    };
    return start(std::move(job));
  }
  /// The same on this thread.
  template <class Owner>
  void trim_now(const Arguments& arguments, const char* call, Owner& owner) {
    const IdleObject idle = idle_object(
        arguments.env(), std::string(call) + "Sync",
        ("await it, or call " + std::string(call) + ", which waits for its turn").c_str());
    owner.trim();
    give_back_to_system();
  }

  // The properties and methods that both classes share.

  napi_value device(const Arguments& arguments) const {
    return make_string(arguments.env(), device_);
  }
  napi_value parameter_count(const Arguments& arguments) const {
    return make_number(arguments.env(), static_cast<double>(object()->layout().count()));
  }
  napi_value parameter_specs(const Arguments& arguments) const {
    return binding::parameter_specs(arguments.env(), object()->layout());
  }
  napi_value read_parameters_sync(const Arguments& arguments) {
    const IdleObject found = idle_owner(arguments, "readParametersSync");
    check(found->read_parameters(
        read_tensor<float>(arguments.env(), arguments[0], "target", shape_of(found->layout()))));
    return nullptr;
  }
  napi_value write_parameters_sync(const Arguments& arguments) {
    const IdleObject found = idle_owner(arguments, "writeParametersSync");
    check(found->write_parameters(read_tensor<const float>(arguments.env(), arguments[0], "source",
                                                           shape_of(found->layout()))));
    return nullptr;
  }

 private:
  static unsigned one_job() { return 1; }
  /// Reports the memory in use now. While jobs are pending, reports the memory after the last one.
  void tell_v8() noexcept {
    if (queue_->is_idle()) held_->store(held_bytes(), std::memory_order_relaxed);
    memory_.set(held_->load(std::memory_order_relaxed));
  }
  std::size_t held_bytes() const noexcept {
    if (const std::shared_ptr<T>& owned = owned_.object()) return owned->held_bytes();
    const std::shared_ptr<T> alive = alive_.lock();
    return alive ? alive->held_bytes() : 0;
  }

  /// For a call that copies parameters. Its second argument is its name in messages, by default
  /// `method`; its third one is the name of the promise form, if there is one.
  IdleObject idle_owner(const Arguments& arguments, const char* method) {
    const napi_env env = arguments.env();
    const std::string call = is_undefined(env, arguments[1])
                                 ? method
                                 : read_string(env, arguments[1], "call", "a string");
    if (is_undefined(env, arguments[2])) return idle_object(env, call, "await it first");
    const std::string other = read_string(env, arguments[2], "promiseForm", "a string");
    return idle_object(env, call,
                       ("await it, or call " + other + ", which waits for its turn").c_str());
  }

  const char* name_;
  std::string device_;
  std::shared_ptr<JobQueue> queue_;
  std::weak_ptr<T> alive_;
  Owned<T> owned_;
  std::unordered_set<Dependent*> dependents_;
  /// The memory in use after the last job. Jobs write it.
  std::shared_ptr<std::atomic<std::size_t>> held_ = std::make_shared<std::atomic<std::size_t>>(0);
  ExternalMemory memory_;
};

/// What a JavaScript object owns on the device of a shared object: a trainer on its model's device,
/// a pass on its layer's device. It is released when the shared object is disposed of.
///
/// `part` is where its bytes count, or null: they count as the shared object's own. Otherwise
/// T::held_bytes may be called at any time.
template <class T, class Shared, std::size_t DependentBytes::*part>
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
  /// Null after a reset. Fails with ERR_GRU_DISPOSED if the shared object was disposed of.
  const std::shared_ptr<T>& object() const {
    shared_->object();
    return owned_.object();
  }
  void release() noexcept override { owned_.reset(); }
  void count(DependentBytes& bytes) const noexcept override {
    if constexpr (part != nullptr) {
      if (owned_.object()) bytes.*part += owned_.object()->held_bytes();
    }
  }

 private:
  std::shared_ptr<SharedNative<Shared>> shared_;
  Owned<T> owned_;
};

}  // namespace gru::binding
