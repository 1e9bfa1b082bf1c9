#pragma once

#include <memory>

#include "device/device.h"

/// The device that the tests in this folder run on: every device's tests link the same sources with
/// definitions of their own.
namespace gru::testing {

/// A new device for one layer or model.
std::unique_ptr<Device> test_device();

/// Makes devices run the parts of an operation another way: on `number` threads (a CPU), in the
/// number-th order (a GPU that is emulated). Results must not depend on it.
void set_schedule(unsigned number);

}  // namespace gru::testing
