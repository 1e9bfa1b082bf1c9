#include <windows.h>

#include <cstdio>
#include <cstdlib>

/// The functions of Node-API for Windows, where a library must name the program that it takes
/// functions from. An addon that named node.exe would not load in a program of another name, such
/// as Electron, Bun or an executable that Node is built into. So each function is a jump to an
/// address that is looked up in the running program when the addon is loaded.
///
/// node_functions.inc has GRU_NODE_FUNCTION(name) for each function of node_api.h. CMake makes it.

#if !defined(__x86_64__)
#error "the jumps are written for x86-64"
#endif

namespace {

[[noreturn]] void end_process() {
  std::fputs("gru-native: this program does not have all functions of Node-API 8\n", stderr);
  std::abort();
}

}  // namespace

#define GRU_NODE_FUNCTION(name)              \
  extern "C" {                               \
  [[gnu::used]] void* gru_address_of_##name; \
  }                                          \
  __asm__(".text\n.globl " #name "\n" #name  \
          ":\n"                              \
          "  jmpq *gru_address_of_" #name "(%rip)\n");
#include "node_functions.inc"
#undef GRU_NODE_FUNCTION

namespace {

void* find(HMODULE program, const char* name) {
  void* const found = reinterpret_cast<void*>(GetProcAddress(program, name));
  return found == nullptr ? reinterpret_cast<void*>(&end_process) : found;
}

[[maybe_unused]] const bool looked_up = [] {
  const HMODULE program = GetModuleHandleW(nullptr);
#define GRU_NODE_FUNCTION(name) gru_address_of_##name = find(program, #name);
#include "node_functions.inc"
#undef GRU_NODE_FUNCTION
  return true;
}();

}  // namespace
