#pragma once

#include <functional>

/// OS threads that run blocks; made when first needed and kept.

namespace gru::emulator {

/// Calls body(0) here and body(1) to body(count - 1) on other threads, all at the same time, and
/// returns when all have returned.
void run_together(unsigned count, const std::function<void(unsigned)>& body);

}  // namespace gru::emulator
