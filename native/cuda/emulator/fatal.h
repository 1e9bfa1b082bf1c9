#pragma once

/// Where a GPU would hang, crash or compute wrong numbers, the emulator ends the process with a
/// message that names the place: the emulator is only for tests.

namespace gru::emulator {

[[noreturn, gnu::format(printf, 1, 2)]] void fatal(const char* format, ...);

}  // namespace gru::emulator
