#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string>

#include "binding/entry.h"

/// JavaScript classes whose objects own a C++ object. Objects carry their class's tag, so that a
/// method called on any other object, or given one, is refused and never misread.

namespace gru::binding {

/// A C++ type behind a JavaScript class: its name, its tag, and what `new` does.
template <class T>
concept ObjectClass = requires(Arguments& arguments) {
                        { T::class_name } -> std::convertible_to<const char*>;
                        { T::type_tag } -> std::convertible_to<const napi_type_tag&>;
                        { T::construct(arguments) } -> std::same_as<std::unique_ptr<T>>;
                      };

/// The T that `value` owns, or null where it is no object of T's class.
template <ObjectClass T>
T* unwrap(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  bool is_tagged = false;
  void* object = nullptr;
  napi_typeof(env, value, &type);
  if (type != napi_object) return nullptr;
  napi_check_object_type_tag(env, value, &T::type_tag, &is_tagged);
  if (is_tagged) napi_unwrap(env, value, &object);
  return static_cast<T*>(object);
}

template <ObjectClass T>
T& unwrap_receiver(const Arguments& arguments) {
  T* const object = unwrap<T>(arguments.env(), arguments.receiver());
  if (object == nullptr) {
    refuse_type("this", std::string("a ") + T::class_name, "something else");
  }
  return *object;
}

template <ObjectClass T>
napi_value construct_entry(Arguments& arguments, napi_value new_target) {
  if (new_target == nullptr) {
    refuse_type(T::class_name, "a call with new", "a call without it");
  }
  std::unique_ptr<T> object = T::construct(arguments);
  const napi_finalize destroy = [](napi_env, void* data, void*) { delete static_cast<T*>(data); };
  check_call(napi_type_tag_object(arguments.env(), arguments.receiver(), &T::type_tag));
  check_call(
      napi_wrap(arguments.env(), arguments.receiver(), object.get(), destroy, nullptr, nullptr));
  object.release();
  return arguments.receiver();
}

/// The constructor of T's class.
template <ObjectClass T>
napi_value constructor(napi_env env, napi_callback_info info) {
  return contain(
      env,
      [&] {
        Arguments arguments(env, info);
        napi_value new_target = nullptr;
        check_call(napi_get_new_target(env, info, &new_target));
        return construct_entry<T>(arguments, new_target);
      },
      [env](napi_value error) -> napi_value {
        napi_throw(env, error);
        return nullptr;
      });
}

/// A method of T as a function of its arguments.
template <auto member>
struct Method;
template <class T, napi_value (T::*member)(Arguments&)>
struct Method<member> {
  static napi_value call(Arguments& arguments) {
    return (unwrap_receiver<T>(arguments).*member)(arguments);
  }
};

/// A property of a class's objects: a method that throws, one that returns a promise, or a getter.
template <auto member>
napi_property_descriptor method(const char* name) {
  return {name,    nullptr, entry<Method<member>::call>, nullptr,
          nullptr, nullptr, napi_default_method,         nullptr};
}
template <auto member>
napi_property_descriptor promise_method(const char* name) {
  return {name,
          nullptr,
          promise_entry<Method<member>::call>,
          nullptr,
          nullptr,
          nullptr,
          napi_default_method,
          nullptr};
}
template <auto member>
napi_property_descriptor getter(const char* name) {
  return {name,    nullptr, nullptr,           entry<Method<member>::call>,
          nullptr, nullptr, napi_configurable, nullptr};
}

/// Makes the class. Its members are plain functions of the prototype: as members of a class
/// template V8 would check their receiver itself, and refuse it with an error that has no code.
template <ObjectClass T>
napi_value define_class(napi_env env, std::span<const napi_property_descriptor> members) {
  napi_value defined = nullptr;
  napi_value prototype = nullptr;
  check_call(napi_define_class(env, T::class_name, NAPI_AUTO_LENGTH, constructor<T>, nullptr, 0,
                               nullptr, &defined));
  check_call(napi_get_named_property(env, defined, "prototype", &prototype));
  check_call(napi_define_properties(env, prototype, members.size(), members.data()));
  return defined;
}

/// Tells V8 of memory that one of its objects holds and that it cannot see.
class ExternalMemory {
 public:
  explicit ExternalMemory(napi_env env) : env_(env) {}
  ExternalMemory(const ExternalMemory&) = delete;
  ExternalMemory& operator=(const ExternalMemory&) = delete;
  ~ExternalMemory() { set(0); }

  /// From now on the object holds `bytes`.
  void set(std::size_t bytes) noexcept {
    const auto wanted = static_cast<std::int64_t>(bytes);
    std::int64_t total = 0;
    if (wanted != bytes_) napi_adjust_external_memory(env_, wanted - bytes_, &total);
    bytes_ = wanted;
  }

 private:
  napi_env env_;
  std::int64_t bytes_ = 0;
};

}  // namespace gru::binding
