#include "binding/object_registry.h"

#include <algorithm>
#include <utility>

#include "binding/environment.h"
#include "binding/system_memory.h"

namespace gru::binding {

namespace {

constexpr std::size_t not_registered = static_cast<std::size_t>(-1);

/// The growth after which a look is due. V8 begins to collect after 64 MiB, so that several looks
/// fall between two collections.
constexpr std::int64_t least_growth = std::int64_t{16} << 20;
constexpr std::size_t least_added = 1024;
/// A look takes some 20 ns for each object. With this growth for each of them, it takes little of
/// the time in which the memory was filled.
constexpr std::int64_t growth_for_each_object = 256;

/// The memory to free before the C library is asked to give it back to the system.
constexpr std::int64_t worth_giving_back = std::int64_t{128} << 20;

/// Each look-up of an object makes a handle. A scope ends after this number of them.
constexpr std::size_t handles_at_once = 256;

}  // namespace

NativePart::~NativePart() {
  if (!registry_) return;
  registry_->remove(*this);
  if (object_ != nullptr) napi_delete_reference(registry_->env_, object_);
}

void NativePart::enter(std::shared_ptr<ObjectRegistry> registry) {
  position_ = registry->parts_.size();
  registry->parts_.push_back(this);
  ++registry->added_;
  registry_ = std::move(registry);
}

void ObjectRegistry::remove(NativePart& part) noexcept {
  if (part.position_ == not_registered) return;
  parts_.back()->position_ = part.position_;
  parts_[part.position_] = parts_.back();
  parts_.pop_back();
  part.position_ = not_registered;
}

void ObjectRegistry::tell(std::int64_t change) noexcept {
  std::int64_t total = 0;
  napi_adjust_external_memory(env_, change, &total);
  told_ += change;
  told_before_ = std::min(told_before_, told_);
}

bool ObjectRegistry::is_due() const noexcept {
  const auto count = static_cast<std::int64_t>(parts_.size());
  return told_ - told_before_ > std::max(least_growth, growth_for_each_object * count) ||
         added_ > std::max(least_added, parts_.size() / 2);
}

void ObjectRegistry::make_room() noexcept {
  if (!is_due()) return;
  const std::int64_t before = told_;
  release_collected();
  freed_ += before - told_;
  if (freed_ > worth_giving_back) {
    give_back_to_system();
    freed_ = 0;
  }
  added_ = 0;
  told_before_ = told_;
}

bool ObjectRegistry::is_collected(const NativePart& part) const noexcept {
  if (part.object_ == nullptr) return false;
  napi_value object = nullptr;
  return napi_get_reference_value(env_, part.object_, &object) == napi_ok && object == nullptr;
}

// From the last one to the first, so that those that take the place of a removed one were looked at
// before.
void ObjectRegistry::release_collected() noexcept {
  for (std::size_t left = parts_.size(); left > 0;) {
    napi_handle_scope scope = nullptr;
    if (napi_open_handle_scope(env_, &scope) != napi_ok) return;
    const std::size_t end = left > handles_at_once ? left - handles_at_once : 0;
    for (; left > end; --left) {
      NativePart& part = *parts_[left - 1];
      if (!is_collected(part)) continue;
      remove(part);
      part.release();
    }
    napi_close_handle_scope(env_, scope);
  }
}

ExternalMemory::ExternalMemory(napi_env env) : registry_(Environment::of(env).objects()) {}

}  // namespace gru::binding
