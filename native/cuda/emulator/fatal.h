#pragma once

/// What a GPU would answer with a hang, a crash or wrong numbers ends the process here: the
/// emulator is test code, and the message says where.

namespace gru::emulator {

[[noreturn, gnu::format(printf, 1, 2)]] void fatal(const char* format, ...);

}  // namespace gru::emulator
