#pragma once

/// Stands in for CUDA's header of this name so that g++ compiles the .cu sources, kernels and host
/// code alike, and the CPU executes them: a thread is a fiber (fiber.h), a block keeps to one OS
/// thread (block.h), streams run their work when somebody waits for it (stream.h).
///
/// What a run proves: that the kernels compute what they should, whatever the order of the threads;
/// that every barrier is reached by all threads; that shared and device memory are neither read
/// before they were written nor overrun; that the host waits for what it reads. ThreadSanitizer
/// finds missing barriers, AddressSanitizer overruns.
///
/// What it doesn't: anything about speed, registers or occupancy on a GPU; the order in which a
/// GPU's memory shows stores to other threads, which is weaker than the CPU's; nvcc's own
/// arithmetic (contraction, approximate functions).
///
/// A loop that waits for another thread's store must call __nanosleep or load_acquire (thread.h):
/// nothing else lets that thread run. Kernels in a nameless namespace have no name in messages.
///
/// control.h is what tests steer it with.

#include "device_functions.h"
#include "runtime_api.h"
#include "vector_types.h"
