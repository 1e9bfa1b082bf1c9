#pragma once

namespace gru::cpu {

/// The number of cores that the process may use: its affinity mask, or its control group's quota if
/// that is less. At least 1.
unsigned usable_cores();

/// GRU_NATIVE_THREADS if it is a number from 1 to `maximum`, otherwise usable_cores().
unsigned initial_threads(unsigned maximum);

}  // namespace gru::cpu
