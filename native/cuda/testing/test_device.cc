#include "testing/test_device.h"

#include <cstdlib>

#include "cuda/cuda_device.h"
#include "cuda/emulator/control.h"
#include "testing/random_cases.h"

namespace gru::testing {

namespace {

/// Gives the device enough shared memory for the tests' largest layers, if a tier is forced.
void make_room_for_forced_tier() {
  const char* tier = std::getenv("GRU_NATIVE_CUDA_TIER");
  if (tier == nullptr) return;
  emulator::Properties properties;
  properties.shared_per_block_optin = std::size_t{1} << 20;
  properties.shared_per_multiprocessor = 2 * properties.shared_per_block_optin;
  emulator::set_properties(properties);
}

}  // namespace

std::unique_ptr<Device> test_device() {
  static const bool prepared = (make_room_for_forced_tier(), true);
  static_cast<void>(prepared);
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cuda::create_device({}, device));
  return device;
}

void set_schedule(unsigned number) {
  if (number == 1) return emulator::set_thread_order(emulator::ThreadOrder::forward);
  if (number == 2) return emulator::set_thread_order(emulator::ThreadOrder::reverse);
  emulator::set_thread_order(emulator::ThreadOrder::shuffle, number);
}

}  // namespace gru::testing
