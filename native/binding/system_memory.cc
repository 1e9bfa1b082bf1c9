#include "binding/system_memory.h"

#include <cstdlib>  // defines __GLIBC__

#if defined(__GLIBC__)
#include <malloc.h>
#endif

namespace gru::binding {

void give_back_to_system() noexcept {
  // Other C libraries have no such call, or do it by themselves.
#if defined(__GLIBC__)
  malloc_trim(0);
#endif
}

}  // namespace gru::binding
