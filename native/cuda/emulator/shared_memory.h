#pragma once

#include <cstddef>
#include <cstdint>
#include <cstdlib>

#include "fatal.h"

/// The shared memory of one block: exactly as large as asked for, and filled with NaN.

namespace gru::emulator {

class SharedMemory {
 public:
  static constexpr std::size_t kStaticPieces = 16;

  SharedMemory() = default;
  SharedMemory(const SharedMemory&) = delete;
  SharedMemory& operator=(const SharedMemory&) = delete;

  void begin(std::size_t dynamic_bytes, std::size_t limit);
  /// Returns false if something was written past an end. AddressSanitizer reports it when it
  /// happens.
  bool end();

  void* dynamic() const { return dynamic_.memory; }
  void* fixed(const void* site, std::size_t bytes, std::size_t alignment);

 private:
  struct Piece {
    const void* site = nullptr;
    char* memory = nullptr;
    std::size_t bytes = 0;
  };
  static Piece allocate(const void* site, std::size_t bytes, std::size_t alignment);
  static bool release(Piece& piece);

  std::size_t limit_ = 0;
  std::size_t used_ = 0;
  Piece dynamic_;
  Piece fixed_[kStaticPieces];
  std::size_t fixed_count_ = 0;
};

}  // namespace gru::emulator
