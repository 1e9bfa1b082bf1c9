# Toolchain file: compiles for WebAssembly with SIMD of 128 bits and exceptions, on WASI, by Zig's Clang. CTest runs
# the programs under node:wasi.
#
#   GRU_ZIG   the program zig. Its folder also has the sources of the C++ library (wasm-runtime.cmake).
set(CMAKE_SYSTEM_NAME Generic)
set(CMAKE_SYSTEM_PROCESSOR wasm32)

set(GRU_ZIG zig CACHE FILEPATH "Zig, which compiles for WebAssembly")
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES GRU_ZIG)
set(CMAKE_C_COMPILER "${GRU_ZIG}" cc)
set(CMAKE_CXX_COMPILER "${GRU_ZIG}" c++)
foreach(language IN ITEMS C CXX)
  set(CMAKE_${language}_ARCHIVE_CREATE "\"${GRU_ZIG}\" ar qcs <TARGET> <OBJECTS>")
  set(CMAKE_${language}_ARCHIVE_FINISH "")
endforeach()
# A program needs the C++ library, which is a part of the build.
set(CMAKE_TRY_COMPILE_TARGET_TYPE STATIC_LIBRARY)

# Zig takes instructions from -mcpu alone. All of these are in Node 20 and in the browsers of its time.
set(gru_wasm_features simd128 exception_handling bulk_memory mutable_globals nontrapping_fptoint sign_ext)
list(JOIN gru_wasm_features "+" gru_wasm_features)
# The C++ library of the build has locks; Zig's own has neither locks nor exceptions.
string(CONCAT gru_wasm_flags "-target wasm32-wasi -mcpu=generic+${gru_wasm_features} -fwasm-exceptions"
              " -U_LIBCPP_HAS_NO_THREADS -Wno-unused-command-line-argument")
set(CMAKE_C_FLAGS_INIT "${gru_wasm_flags}")
set(CMAKE_CXX_FLAGS_INIT "${gru_wasm_flags}")
set(CMAKE_EXE_LINKER_FLAGS_INIT "-nostdlib++")

set(CMAKE_CROSSCOMPILING_EMULATOR node --no-warnings "${CMAKE_CURRENT_LIST_DIR}/../scripts/wasi-run.mjs")
