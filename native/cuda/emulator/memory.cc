#include "memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cstring>

#include "fatal.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#else
#define ASAN_POISON_MEMORY_REGION(memory, bytes) static_cast<void>(memory)
#define ASAN_UNPOISON_MEMORY_REGION(memory, bytes) static_cast<void>(memory)
#endif

namespace gru::emulator {
namespace {

constexpr std::size_t kAlignment = 256;
constexpr std::size_t kGuard = 256;
constexpr int kNaN = 0xff;

std::size_t with_guard(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment + kGuard;
}

bool untouched([[maybe_unused]] const char* guard, [[maybe_unused]] std::size_t bytes) {
#if defined(__SANITIZE_ADDRESS__)
  return true;
#else
  return static_cast<unsigned char>(*guard) == kNaN &&
         std::memcmp(guard, guard + 1, bytes - 1) == 0;
#endif
}

}  // namespace

DeviceMemory::~DeviceMemory() {
  if (begin_ != nullptr) munmap(begin_, reserved_);
}

void DeviceMemory::set_capacity(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes == capacity_) return;
  if (!pieces_.empty()) fatal("the memory of a device that is in use can't change its size");
  if (begin_ != nullptr) munmap(begin_, reserved_);
  begin_ = nullptr;
  extent_ = 0;
  capacity_ = bytes;
}

std::size_t DeviceMemory::used() const {
  const std::lock_guard lock(mutex_);
  return used_;
}

std::size_t DeviceMemory::pieces() const {
  const std::lock_guard lock(mutex_);
  return pieces_.size();
}

// Address space is free, so guards and fragmentation do not make memory scarce.
void DeviceMemory::reserve() {
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  reserved_ = (4 * capacity_ + (std::size_t{64} << 20)) / page * page;
  void* const memory =
      mmap(nullptr, reserved_, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (memory == MAP_FAILED) fatal("no addresses for %zu bytes of device memory", capacity_);
  begin_ = static_cast<char*>(memory);
  explain_faults();
}

char* DeviceMemory::place(std::size_t bytes) const {
  char* at = begin_;
  for (const auto& [piece, size] : pieces_) {
    if (static_cast<std::size_t>(piece - at) >= with_guard(bytes)) return at;
    at = piece + with_guard(size);
  }
  const std::size_t left = reserved_ - static_cast<std::size_t>(at - begin_);
  return left >= with_guard(bytes) ? at : nullptr;
}

void* DeviceMemory::allocate(std::size_t bytes) {
  const std::lock_guard lock(mutex_);
  if (bytes > capacity_ - used_) return nullptr;
  if (begin_ == nullptr) reserve();
  char* const memory = place(bytes);
  if (memory == nullptr) return nullptr;
  const std::size_t page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t end = static_cast<std::size_t>(memory - begin_) + with_guard(bytes);
  if (end > extent_) extent_ = (end + page - 1) / page * page;
  protect(PROT_READ | PROT_WRITE);
  ASAN_UNPOISON_MEMORY_REGION(memory, with_guard(bytes));
  std::memset(memory, kNaN, with_guard(bytes));
  ASAN_POISON_MEMORY_REGION(memory + bytes, with_guard(bytes) - bytes);
  if (open_ == 0) protect(PROT_NONE);
  pieces_.emplace(memory, bytes);
  used_ += bytes;
  return memory;
}

bool DeviceMemory::release(void* memory) {
  const std::lock_guard lock(mutex_);
  const auto piece = pieces_.find(static_cast<char*>(memory));
  if (piece == pieces_.end()) return false;
  const auto [at, bytes] = *piece;
  protect(PROT_READ | PROT_WRITE);
  std::memset(at, kNaN, bytes);
  if (open_ == 0) protect(PROT_NONE);
  ASAN_POISON_MEMORY_REGION(at, bytes);
  used_ -= bytes;
  given_back_.erase(piece->first);
  pieces_.erase(piece);
  return true;
}

bool DeviceMemory::give_back(void* memory) {
  const std::lock_guard lock(mutex_);
  char* const at = static_cast<char*>(memory);
  return pieces_.contains(at) && given_back_.insert(at).second;
}

bool DeviceMemory::holds(const void* memory, std::size_t bytes) const {
  const std::lock_guard lock(mutex_);
  const char* const at = static_cast<const char*>(memory);
  auto piece = pieces_.upper_bound(const_cast<char*>(at));
  if (piece == pieces_.begin()) return false;
  --piece;
  if (given_back_.contains(piece->first)) return false;
  const std::size_t offset = static_cast<std::size_t>(at - piece->first);
  return offset <= piece->second && bytes <= piece->second - offset;
}

bool DeviceMemory::owns(const void* address) const {
  const char* const at = static_cast<const char*>(address);
  const char* const begin = begin_;
  return begin != nullptr && at >= begin && at < begin + reserved_;
}

void DeviceMemory::protect(int protection) {
  if (extent_ > 0 && mprotect(begin_, extent_, protection) != 0) {
    fatal("can't protect %zu bytes of device memory", extent_);
  }
}

void DeviceMemory::open() {
  const std::lock_guard lock(mutex_);
  if (open_++ == 0) protect(PROT_READ | PROT_WRITE);
}

void DeviceMemory::close() {
  const std::lock_guard lock(mutex_);
  if (--open_ == 0) protect(PROT_NONE);
}

std::optional<std::size_t> DeviceMemory::overrun() const {
  const std::lock_guard lock(mutex_);
  for (const auto& [memory, bytes] : pieces_) {
    if (!untouched(memory + bytes, with_guard(bytes) - bytes)) return bytes;
  }
  return std::nullopt;
}

void DeviceMemory::report_access(const void* address) const {
  const char* const at = static_cast<const char*>(address);
  auto piece = pieces_.upper_bound(const_cast<char*>(at));
  if (piece == pieces_.begin())
    fatal("host code followed a device address, %p, of no memory", address);
  --piece;
  fatal("host code followed a device address: byte %zu of %zu bytes of device memory",
        static_cast<std::size_t>(at - piece->first), piece->second);
}

}  // namespace gru::emulator
