#include "fatal.h"

#include <signal.h>

#include <cstdarg>
#include <cstdio>
#include <cstdlib>

#include "memory.h"
#include "state.h"

namespace gru::emulator {
namespace {

struct sigaction previous_segv;
struct sigaction previous_bus;

void on_fault(int signal, siginfo_t* info, void* context) {
  if (Device* const device = state().owner(info->si_addr)) {
    device->memory().report_access(info->si_addr);
  }
  const struct sigaction& previous = signal == SIGBUS ? previous_bus : previous_segv;
  if ((previous.sa_flags & SA_SIGINFO) != 0) {
    previous.sa_sigaction(signal, info, context);
  } else if (previous.sa_handler == SIG_DFL || previous.sa_handler == SIG_IGN) {
    sigaction(signal, &previous, nullptr);  // the instruction faults again
  } else {
    previous.sa_handler(signal);
  }
}

}  // namespace

void fatal(const char* format, ...) {
  std::fputs("emulator: ", stderr);
  va_list arguments;
  va_start(arguments, format);
  std::vfprintf(stderr, format, arguments);
  va_end(arguments);
  std::fputc('\n', stderr);
  std::abort();
}

void explain_faults() {
  static const bool once = [] {
    struct sigaction action = {};
    action.sa_sigaction = on_fault;
    action.sa_flags = SA_SIGINFO | SA_NODEFER;
    return sigaction(SIGSEGV, &action, &previous_segv) == 0 &&
           sigaction(SIGBUS, &action, &previous_bus) == 0;
  }();
  if (!once) fatal("can't handle faults");
}

}  // namespace gru::emulator
