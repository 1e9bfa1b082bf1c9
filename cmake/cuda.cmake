# The CUDA plug-in, a separate library beside the addon, in two builds of the same sources:
#
#   gru_native_cuda           GRU_CUDA=ON, or AUTO and nvcc is found: for NVIDIA's GPUs
#   gru_native_cuda_emulated  GRU_CUDA_EMULATED, or GRU_TESTS: by the C++ compiler alone, for tests. Kernels run
#                             on the CPU, with the header in native/cuda/emulator that replaces the runtime's
#
#   GRU_NVCC          nvcc, if it is neither in the PATH nor in CUDA's usual folder
#   GRU_CUDA_RUNTIME  Static or Shared: how the plug-in links CUDA's runtime library
gru_sources(cuda cuda_sources)
file(GLOB cuda_kernels CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/kernels/*.cu")

# The module that the addon loads: it has no prefix, and only the entry point is visible.
function(gru_plugin target)
  add_library(${target} MODULE ${ARGN})
  set_target_properties(${target} PROPERTIES PREFIX "")
  target_link_libraries(${target} PRIVATE gru_engine ${CMAKE_DL_LIBS})
  if(NOT APPLE)
    set(exports "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/exports.map")
    target_link_options(${target} PRIVATE "-Wl,--version-script=${exports}")
    set_target_properties(${target} PROPERTIES LINK_DEPENDS "${exports}")
  endif()
endfunction()

if(GRU_CUDA_EMULATED OR GRU_TESTS)
  include(cuda-emulated)
endif()
if(NOT GRU_CUDA STREQUAL "OFF")
  include(cuda-nvcc)
endif()
