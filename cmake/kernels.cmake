# The floating-point semantics of the whole project.
#
# Kernels (native/cpu/kernels/*.cc): the compiler may fuse a*b+c into one rounding (contract=fast), may
# assume that errno and the floating-point exception flags are not read. Nothing else is allowed: NaN, infinity
# and signed zero keep their meaning, and sums keep the order of the source.
# All other code: IEEE arithmetic as written, no fusing, so that the reference is the same on every machine.
#
# -ffast-math and -Ofast are never used: they would also switch the whole Node process to flush-to-zero.
set(GRU_KERNEL_FLAGS -O3 -fno-math-errno -fno-trapping-math -ffp-contract=fast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # From version 13 on, GCC leaves some chains of a*b+c unfused, for the sake of processors on which these are slow. Tiles of
  # different sizes would then round differently, and the bits of a result depend on how the work was divided.
  list(APPEND GRU_KERNEL_FLAGS --param=avoid-fma-max-bits=0)
endif()
if(GRU_SANITIZE)
  list(APPEND GRU_KERNEL_FLAGS -O1) # unrolled tiles with every access instrumented take minutes
endif()
add_library(gru_arithmetic INTERFACE)
target_compile_options(gru_arithmetic INTERFACE -ffp-contract=off)

# Each kernel source is compiled once for each of these instruction sets, with GRU_ISA defined as its name.
if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64|amd64)$")
  set(GRU_ISAS baseline avx2 avx512)
elseif(CMAKE_SYSTEM_PROCESSOR MATCHES "^(aarch64|arm64|ARM64)$")
  set(GRU_ISAS neon)
elseif(CMAKE_SYSTEM_PROCESSOR STREQUAL "wasm32")
  set(GRU_ISAS wasm)
else()
  set(GRU_ISAS baseline)
endif()

set(GRU_ISA_FLAGS_baseline "")
set(GRU_ISA_FLAGS_neon "")
set(GRU_ISA_FLAGS_wasm -msimd128)
set(GRU_ISA_FLAGS_avx2 -mavx2 -mfma)
set(GRU_ISA_FLAGS_avx512
    -mavx2
    -mfma
    -mavx512f
    -mavx512dq
    -mavx512vl
    -mavx512bw
    -mprefer-vector-width=512)

# gru_kernel_objects(RESULT): one object library for each instruction set; RESULT gets their objects.
function(gru_kernel_objects result)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/cpu/kernels/*.cc")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  set(objects "")
  if(sources)
    foreach(isa IN LISTS GRU_ISAS)
      set(target gru_kernels_${isa})
      add_library(${target} OBJECT ${sources})
      target_compile_definitions(${target} PRIVATE GRU_ISA=${isa})
      # Not gru_engine: it adds gru_arithmetic, whose -ffp-contract would come last and take effect.
      target_link_libraries(${target} PRIVATE gru_options)
      target_include_directories(${target} PRIVATE "${CMAKE_CURRENT_SOURCE_DIR}/native")
      target_compile_options(${target} PRIVATE ${GRU_KERNEL_FLAGS} ${GRU_ISA_FLAGS_${isa}})
      list(APPEND objects $<TARGET_OBJECTS:${target}>)
    endforeach()
  endif()
  set(${result} "${objects}" PARENT_SCOPE)
endfunction()
