#include "testing/test_device.h"

#include "cpu/cpu_device.h"
#include "testing/random_cases.h"

namespace gru::testing {

std::unique_ptr<Device> test_device() {
  std::unique_ptr<Device> device;
  GRU_CHECK_OK(cpu::create_device(device));
  return device;
}

void set_schedule(unsigned number) { GRU_CHECK_OK(cpu::set_threads(number)); }

}  // namespace gru::testing
