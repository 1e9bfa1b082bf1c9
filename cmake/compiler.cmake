# gru_options: the compiler flags of every target. The kernels add theirs (kernels.cmake).
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" OR CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC")
  message(
    FATAL_ERROR "gru-native needs GCC or Clang, whose vector extensions its kernels use, but the compiler is "
                "${CMAKE_CXX_COMPILER_ID}; for Windows, use the Clang of MinGW-w64 or of Zig instead of MSVC and clang-cl")
endif()
# https://gcc.gnu.org/bugzilla/show_bug.cgi?id=54412
if(WIN32 AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  message(FATAL_ERROR "gru-native for Windows needs Clang (of MinGW-w64 or of Zig): GCC for Windows does not align "
                      "AVX vectors on the stack")
endif()

add_library(gru_options INTERFACE)
target_compile_options(
  gru_options
  INTERFACE $<$<COMPILE_LANGUAGE:CXX>:
            -Wall
            -Wextra
            -Wpedantic
            -Wshadow
            -Wconversion
            -Wnon-virtual-dtor
            $<$<BOOL:${GRU_WERROR}>:-Werror>
            # Wide vectors are only passed between functions of one instruction set, so the ABI does not matter.
            -Wno-psabi
            -fexceptions>)

if(GRU_SANITIZE)
  list(JOIN GRU_SANITIZE "," sanitizers)
  add_compile_options(-fsanitize=${sanitizers} -fno-sanitize-recover=all -fno-omit-frame-pointer -g)
  add_link_options(-fsanitize=${sanitizers})
endif()
