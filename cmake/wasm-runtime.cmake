# gru_wasm_runtime: what a program for WebAssembly needs beside Zig's C library. Zig's own C++ library is built without
# exceptions and without locks, so this is another one of the same sources. Zig's own malloc fails above 2 GiB: it ends
# the program, or wraps around and gives memory that is in use. So this is dlmalloc, which comes with emnapi.
#
#   GRU_EMNAPI   the folder of the npm package emnapi
enable_language(C)

execute_process(COMMAND "${GRU_ZIG}" env OUTPUT_VARIABLE zig_environment COMMAND_ERROR_IS_FATAL ANY)
string(JSON zig_library GET "${zig_environment}" lib_dir)
set(libcxx "${zig_library}/libcxx")
set(libcxxabi "${zig_library}/libcxxabi")
set(libunwind "${zig_library}/libunwind")

file(GLOB runtime_sources "${libcxx}/src/*.cpp" "${libcxx}/src/ryu/*.cpp" "${libcxxabi}/src/*.cpp")
# The first defines what libc++abi has too, the second is for builds without exceptions, and the others need an
# operating system or are never used.
list(FILTER runtime_sources EXCLUDE REGEX
     "libcxx/src/new\\.cpp|/cxa_(noexception|demangle)\\.cpp|/(print|strstream|barrier|regex)\\.cpp")

add_library(gru_wasm_runtime STATIC ${runtime_sources} "${libunwind}/src/Unwind-wasm.c"
                                    native/wasm/single_thread.cc)
target_include_directories(
  gru_wasm_runtime PRIVATE "${libcxx}/src" "${libcxx}/include" "${libcxxabi}/src"
                                  "${libcxxabi}/include" "${libunwind}/include")
target_compile_definitions(
  gru_wasm_runtime PRIVATE _LIBCPP_BUILDING_LIBRARY LIBCXX_BUILDING_LIBCXXABI
                           _LIBCXXABI_BUILDING_LIBRARY LIBCXXABI_NON_DEMANGLING_TERMINATE
                           _LIBUNWIND_HIDE_SYMBOLS __WASM_EXCEPTIONS__)
set_target_properties(gru_wasm_runtime PROPERTIES CXX_STANDARD 23)

# Objects come before libraries, and so this malloc before Zig's.
add_library(gru_wasm_malloc OBJECT "${GRU_EMNAPI}/src/malloc/dlmalloc/dlmalloc.c")
foreach(target IN ITEMS gru_wasm_runtime gru_wasm_malloc)
  target_compile_options(${target} PRIVATE -O2 -w)
endforeach()

target_link_libraries(gru_options INTERFACE gru_wasm_runtime $<TARGET_OBJECTS:gru_wasm_malloc>)
# One page less than 4 GiB: the address of the memory's end, too, then fits into 32 bits.
target_link_options(gru_options INTERFACE -Wl,--max-memory=4294901760)
