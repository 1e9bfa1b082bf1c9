#pragma once

#include <memory>

#include "device/device.h"

/// The device that the tests in this folder use. The tests of every device link the same sources
/// with other definitions of these functions.
namespace gru::testing {

/// A new device for one layer or model.
std::unique_ptr<Device> test_device();

/// Changes how devices run the parts of an operation: on `number` threads (a CPU), in the number-th
/// order (an emulated GPU). Results must not depend on it.
void set_schedule(unsigned number);

}  // namespace gru::testing
