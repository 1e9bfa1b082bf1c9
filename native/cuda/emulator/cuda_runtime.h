#pragma once

/// Replaces CUDA's header of this name, so that g++ compiles the .cu sources, kernels and host
/// code, and the CPU executes them. A CUDA thread is a fiber (fiber.h). A block runs on one OS
/// thread (block.h). Streams run their work when a caller waits for it (stream.h).
///
/// A run tests that the kernels compute correct results in any order of the threads; that all
/// threads reach every barrier; that shared and device memory is not read before it is written, and
/// not overrun; that the host waits for what it reads. ThreadSanitizer finds missing barriers,
/// AddressSanitizer finds overruns.
///
/// A run does not test speed, registers or occupancy on a GPU; nor a GPU's memory order, which is
/// weaker than the CPU's; nor nvcc's arithmetic (contraction, approximate functions).
///
/// A loop that waits for another thread's store must call __nanosleep or load_acquire (thread.h),
/// since only these let the other thread run. Kernels in an unnamed namespace have no name in
/// messages.
///
/// Tests control the emulator with control.h.

#include "device_functions.h"
#include "runtime_api.h"
#include "vector_types.h"
