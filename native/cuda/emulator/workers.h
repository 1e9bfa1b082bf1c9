#pragma once

#include <functional>

/// OS threads that run blocks. They are started when first needed, and kept.

namespace gru::emulator {

/// Calls body(0) on the calling thread and body(1) to body(count - 1) on other threads, all at the
/// same time. Returns when all have returned.
void run_together(unsigned count, const std::function<void(unsigned)>& body);

}  // namespace gru::emulator
