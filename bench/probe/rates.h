#pragma once

#include <cstddef>

namespace gru::probe {

/// Floating-point operations a second that `threads` threads reach together in `seconds`, with the
/// best instruction set.
double multiply_add_rate(unsigned threads, double seconds);

/// Bytes a second that `threads` threads read together, each its own part of `bytes`, over and
/// over.
class ReadRate {
 public:
  ReadRate(unsigned threads, std::size_t bytes);
  ReadRate(const ReadRate&) = delete;
  ReadRate& operator=(const ReadRate&) = delete;
  ~ReadRate();
  double measure(double seconds) const;

 private:
  unsigned threads_;
  std::size_t part_bytes_;
  std::byte* memory_;
};

}  // namespace gru::probe
