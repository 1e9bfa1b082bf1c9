# Toolchain file: compiles for another platform with the Clang of Zig, which brings each platform's headers and
# libraries along. scripts/release/toolchain.mjs makes the commands, and scripts/release/targets.mjs has the values:
#
#   GRU_ZIG_COMMANDS   the folder of the commands c++, ar and ranlib, which know the platform
#   GRU_ZIG_SYSTEM     the platform's name in CMake: Linux, Windows or Darwin
#   GRU_ZIG_PROCESSOR  x86_64 or aarch64
set(CMAKE_SYSTEM_NAME ${GRU_ZIG_SYSTEM})
set(CMAKE_SYSTEM_PROCESSOR ${GRU_ZIG_PROCESSOR})
set(CMAKE_CXX_COMPILER "${GRU_ZIG_COMMANDS}/c++")
set(CMAKE_AR "${GRU_ZIG_COMMANDS}/ar")
set(CMAKE_RANLIB "${GRU_ZIG_COMMANDS}/ranlib")
# CMake compiles its own trials with this file, too.
set(CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GRU_ZIG_COMMANDS GRU_ZIG_SYSTEM GRU_ZIG_PROCESSOR)

# Nothing of this machine's libraries fits.
set(CMAKE_FIND_ROOT_PATH "${GRU_ZIG_COMMANDS}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)
