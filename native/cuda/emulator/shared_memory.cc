#include "shared_memory.h"

#include <cstring>

namespace gru::emulator {
namespace {

#if defined(__SANITIZE_ADDRESS__)
constexpr std::size_t kGuard = 0;  // AddressSanitizer has its own guards
#else
constexpr std::size_t kGuard = 64;
#endif
constexpr int kNaN = 0xff;

}  // namespace

SharedMemory::Piece SharedMemory::allocate(const void* site, std::size_t bytes,
                                           std::size_t alignment) {
  void* memory = nullptr;
  if (posix_memalign(&memory, alignment < 16 ? 16 : alignment, bytes + kGuard) != 0) {
    fatal("no memory for %zu bytes of shared memory", bytes);
  }
  std::memset(memory, kNaN, bytes + kGuard);
  return {site, static_cast<char*>(memory), bytes};
}

bool SharedMemory::release(Piece& piece) {
  bool whole = true;
  for (std::size_t i = 0; i < kGuard && piece.memory != nullptr; ++i) {
    whole &= static_cast<unsigned char>(piece.memory[piece.bytes + i]) == kNaN;
  }
  std::free(piece.memory);
  piece = Piece();
  return whole;
}

void SharedMemory::begin(std::size_t dynamic_bytes, std::size_t limit) {
  limit_ = limit;
  used_ = dynamic_bytes;
  if (dynamic_bytes > 0) dynamic_ = allocate(nullptr, dynamic_bytes, 128);
}

void* SharedMemory::fixed(const void* site, std::size_t bytes, std::size_t alignment) {
  for (std::size_t i = 0; i < fixed_count_; ++i) {
    if (fixed_[i].site == site) return fixed_[i].memory;
  }
  used_ += bytes;
  if (used_ > limit_ || fixed_count_ == kStaticPieces) {
    fatal("%zu bytes in %zu pieces are more shared memory than the %zu bytes of a block", used_,
          fixed_count_ + 1, limit_);
  }
  return (fixed_[fixed_count_++] = allocate(site, bytes, alignment)).memory;
}

bool SharedMemory::end() {
  bool whole = release(dynamic_);
  while (fixed_count_ > 0) whole &= release(fixed_[--fixed_count_]);
  return whole;
}

}  // namespace gru::emulator
