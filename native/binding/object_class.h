#pragma once

#include <concepts>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "binding/entry.h"
#include "binding/environment.h"
#include "binding/object_registry.h"
#include "binding/values.h"

/// JavaScript classes whose objects own a C++ object. Each object has its class's tag. A method
/// that is called on any other object, or gets one as an argument, refuses it.

namespace gru::binding {

/// A C++ type behind a JavaScript class: its name, its tag, and what `new` does.
template <class T>
concept ObjectClass = requires(Arguments& arguments) {
                        { T::class_name } -> std::convertible_to<const char*>;
                        { T::type_tag } -> std::convertible_to<const napi_type_tag&>;
                        { T::construct(arguments) } -> std::same_as<std::unique_ptr<T>>;
                      };

/// What a JavaScript object of these classes points to in C++. A class's tag also identifies this
/// layout. An object may come from another copy of this addon, possibly of another version, and
/// only this part of it may be read. If the layout changes, the tags must change as well.
struct ObjectHeader {
  const Surface* surface;
};

/// The native part of an object of T's class. `object` is null once the JavaScript object was
/// collected.
template <class T>
struct OwnedObject final : ObjectHeader, NativePart {
  void release() noexcept override { object.reset(); }
  std::unique_ptr<T> object;
};

/// The class's name with an article: "a NativeGru", "an AbortFlag".
template <ObjectClass T>
std::string one_of_class() {
  const std::string name = T::class_name;
  return (std::string("AEIO").find(name.front()) == std::string::npos ? "a " : "an ") + name;
}

/// The T that `value` owns. Fails with ERR_GRU_TYPE, with `name` and what expected() says, if it is
/// no object of T's class or belongs to another instance of the surface. Only a failure makes the
/// text: every call of a method comes through here.
template <ObjectClass T, class Expected>
T& unwrap_expecting(const Arguments& arguments, napi_value value, const char* name,
                    const Expected& expected) {
  const napi_env env = arguments.env();
  napi_valuetype type = napi_undefined;
  bool is_tagged = false;
  void* owned = nullptr;
  napi_typeof(env, value, &type);
  if (type == napi_object) napi_check_object_type_tag(env, value, &T::type_tag, &is_tagged);
  if (is_tagged) napi_unwrap(env, value, &owned);
  if (owned == nullptr) refuse_type(name, expected(), describe(env, value));
  auto* const header = static_cast<ObjectHeader*>(owned);
  if (header->surface != &arguments.surface()) {
    refuse_type(name, expected(),
                one_of_class<T>() + " of another copy of gru-native: the package is loaded twice");
  }
  return *static_cast<OwnedObject<T>*>(header)->object;
}

template <ObjectClass T>
T& unwrap(const Arguments& arguments, napi_value value, const char* name, const char* expected) {
  return unwrap_expecting<T>(arguments, value, name, [&] { return expected; });
}

template <ObjectClass T>
T& unwrap_receiver(const Arguments& arguments) {
  return unwrap_expecting<T>(arguments, arguments.receiver(), "this", one_of_class<T>);
}

template <ObjectClass T>
napi_value construct_entry(Arguments& arguments, napi_value new_target) {
  if (new_target == nullptr) {
    refuse_type(T::class_name, "a call with new", "a call without it");
  }
  const std::shared_ptr<ObjectRegistry>& registry = arguments.surface().environment().objects();
  registry->make_room();
  auto owned = std::make_unique<OwnedObject<T>>();
  owned->surface = &arguments.surface();
  owned->object = T::construct(arguments);
  const napi_finalize destroy = [](napi_env, void* data, void*) {
    delete static_cast<OwnedObject<T>*>(static_cast<ObjectHeader*>(data));
  };
  napi_ref reference = nullptr;
  owned->enter(registry);
  check_call(napi_type_tag_object(arguments.env(), arguments.receiver(), &T::type_tag));
  check_call(napi_wrap(arguments.env(), arguments.receiver(),
                       static_cast<ObjectHeader*>(owned.get()), destroy, nullptr, &reference));
  owned.release()->set_object(reference);
  return arguments.receiver();
}

/// The constructor of T's class.
template <ObjectClass T>
napi_value constructor(napi_env env, napi_callback_info info) {
  return contain(
      env, info,
      [&](Arguments& arguments) {
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

/// Defines properties, whose functions then belong to the surface.
inline void define_members(Surface& surface, napi_value object,
                           std::span<const napi_property_descriptor> members) {
  std::vector<napi_property_descriptor> bound(members.begin(), members.end());
  for (napi_property_descriptor& member : bound) member.data = &surface;
  check_call(napi_define_properties(surface.env(), object, bound.size(), bound.data()));
}

/// Makes the class for one instance of the surface. Its members are plain functions of the
/// prototype. If they were members of a class template, V8 itself would check their receiver, and
/// its error has no code.
template <ObjectClass T>
napi_value define_class(Surface& surface, std::span<const napi_property_descriptor> members) {
  const napi_env env = surface.env();
  napi_value defined = nullptr;
  napi_value prototype = nullptr;
  check_call(napi_define_class(env, T::class_name, NAPI_AUTO_LENGTH, constructor<T>, &surface, 0,
                               nullptr, &defined));
  check_call(napi_get_named_property(env, defined, "prototype", &prototype));
  define_members(surface, prototype, members);
  return defined;
}

}  // namespace gru::binding
