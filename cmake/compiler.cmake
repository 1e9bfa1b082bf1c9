# gru_options: the compiler flags of every target. The kernels add theirs (kernels.cmake).
if(NOT CMAKE_CXX_COMPILER_ID MATCHES "GNU|Clang" OR CMAKE_CXX_COMPILER_FRONTEND_VARIANT STREQUAL "MSVC")
  message(FATAL_ERROR "gru-native needs GCC or Clang: its kernels use their vector extensions")
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
