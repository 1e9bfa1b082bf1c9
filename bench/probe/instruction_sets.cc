#include "instruction_sets.h"

#include <algorithm>
#include <string>

#include "cpu/cpu_device.h"

namespace gru::probe {

#define GRU_PROBE_ISA(isa)      \
  namespace isa {               \
  extern const Kernels kernels; \
  }
#include "probe_isas.inc"
#undef GRU_PROBE_ISA

std::vector<const Kernels*> runnable_kernels() {
  const Kernels* const built[] = {
#define GRU_PROBE_ISA(isa) &isa::kernels,
#include "probe_isas.inc"
#undef GRU_PROBE_ISA
  };
  std::vector<const Kernels*> runnable;
  for (const std::string& name : cpu::instruction_sets()) {
    const auto* const found = std::find_if(std::begin(built), std::end(built),
                                           [&](const Kernels* each) { return each->name == name; });
    if (found != std::end(built)) runnable.push_back(*found);
  }
  return runnable;
}

}  // namespace gru::probe
