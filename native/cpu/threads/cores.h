#pragma once

namespace gru::cpu {

/// Cores that the process may use: its affinity mask, and its control group's quota where that is
/// less. At least 1.
unsigned usable_cores();

/// GRU_NATIVE_THREADS where it names a number from 1 to `maximum`, else usable_cores().
unsigned initial_threads(unsigned maximum);

}  // namespace gru::cpu
