#include "cpu/isa.h"

#include "cpu/cpu_device.h"
#include "cpu/environment.h"
#include "cpu/x86_features.h"

namespace gru::cpu {

#if defined(__x86_64__)
namespace avx512 {
extern const Kernels table;
}
namespace avx2 {
extern const Kernels table;
}
#endif
#if defined(__aarch64__)
namespace neon {
extern const Kernels table;
}
#elif defined(__wasm__)
namespace wasm {
extern const Kernels table;
}
#else
namespace baseline {
extern const Kernels table;
}
#endif

std::vector<const Kernels*> runnable_kernels() {
  std::vector<const Kernels*> runnable;
#if defined(__x86_64__)
  const X86Features features = features_of(ask_processor());
  if (features.avx512) runnable.push_back(&avx512::table);
  if (features.avx2) runnable.push_back(&avx2::table);
#endif
#if defined(__aarch64__)
  runnable.push_back(&neon::table);
#elif defined(__wasm__)
  runnable.push_back(&wasm::table);
#else
  runnable.push_back(&baseline::table);
#endif
  return runnable;
}

namespace {

const Kernels& choose() {
  const std::vector<const Kernels*> runnable = runnable_kernels();
  const std::string asked = asked_isa();
  for (const Kernels* table : runnable) {
    if (table->name == asked) return *table;
  }
  return *runnable.front();
}

}  // namespace

const Kernels& kernels() {
  static const Kernels& chosen = choose();
  return chosen;
}

std::string instruction_set() { return kernels().name; }

std::vector<std::string> instruction_sets() {
  std::vector<std::string> names;
  for (const Kernels* table : runnable_kernels()) names.emplace_back(table->name);
  return names;
}

}  // namespace gru::cpu
