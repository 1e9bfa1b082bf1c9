#pragma once

#include <node_api.h>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace gru::binding {

class ObjectRegistry;

/// The native part of a JavaScript object, as long as Node-API keeps it.
class NativePart {
 public:
  NativePart() = default;
  NativePart(const NativePart&) = delete;
  NativePart& operator=(const NativePart&) = delete;
  virtual ~NativePart();

  /// Enters it into a registry. Before `set_object` it counts as in use.
  void enter(std::shared_ptr<ObjectRegistry> registry);
  /// Takes over a weak reference to its object.
  void set_object(napi_ref object) noexcept { object_ = object; }

 protected:
  /// Frees everything that the object owned: JavaScript cannot reach it any more. It is called at
  /// most once, and nothing uses the native part afterwards.
  virtual void release() noexcept = 0;

 private:
  friend class ObjectRegistry;
  std::shared_ptr<ObjectRegistry> registry_;
  napi_ref object_ = nullptr;
  std::size_t position_ = 0;  ///< in the registry
};

/// All objects of one environment that own native memory, and the memory that V8 was told of.
///
/// Node-API runs finalizers only when the event loop turns. A program that creates objects in a
/// loop without a turn would keep the memory of all of them, also of those that V8 has collected.
/// So the registry looks for collected objects whenever enough was created, and frees their native
/// parts immediately. Their finalizers later find nothing to free.
class ObjectRegistry {
 public:
  explicit ObjectRegistry(napi_env env) : env_(env) {}
  ObjectRegistry(const ObjectRegistry&) = delete;
  ObjectRegistry& operator=(const ObjectRegistry&) = delete;

  /// Called before an object is made: frees the native parts of collected objects, if many objects
  /// or large ones were made since the last time. The objects of the call that is running are in
  /// use, so they are not collected.
  void make_room() noexcept;

  /// Tells V8 that an object's memory has grown or shrunk.
  void tell(std::int64_t change) noexcept;

 private:
  friend class NativePart;

  bool is_due() const noexcept;
  void release_collected() noexcept;
  bool is_collected(const NativePart& part) const noexcept;
  void remove(NativePart& part) noexcept;

  napi_env env_;
  std::vector<NativePart*> parts_;
  std::size_t added_ = 0;  ///< since the last look
  std::int64_t told_ = 0;
  std::int64_t told_before_ = 0;  ///< the least since the last look
  std::int64_t freed_ = 0;        ///< that was not yet given back to the system
};

/// Tells V8 about memory of an object that V8 cannot see.
class ExternalMemory {
 public:
  explicit ExternalMemory(napi_env env);
  ExternalMemory(const ExternalMemory&) = delete;
  ExternalMemory& operator=(const ExternalMemory&) = delete;
  ~ExternalMemory() { set(0); }

  /// Reports that the object now holds `bytes`.
  void set(std::size_t bytes) noexcept {
    const auto wanted = static_cast<std::int64_t>(bytes);
    if (wanted != bytes_) registry_->tell(wanted - bytes_);
    bytes_ = wanted;
  }

 private:
  std::shared_ptr<ObjectRegistry> registry_;
  std::int64_t bytes_ = 0;
};

}  // namespace gru::binding
