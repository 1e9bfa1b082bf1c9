# The plug-in's sources without CUDA: gru_cuda_emulated, a library for native tests, and the plug-in made of it.
include(cuda-emulator)

# A target's sources can't be CUDA and C++ in one build, so each kernel file has a C++ file that includes it.
set(emulated_kernels "")
foreach(kernel IN LISTS cuda_kernels)
  cmake_path(GET kernel STEM stem)
  set(wrapper "${CMAKE_CURRENT_BINARY_DIR}/cuda-emulated/${stem}.cc")
  file(CONFIGURE OUTPUT "${wrapper}" CONTENT "#include \"@kernel@\"\n" @ONLY)
  list(APPEND emulated_kernels "${wrapper}")
endforeach()

add_library(gru_cuda_emulated STATIC ${cuda_sources} ${emulated_kernels})
target_link_libraries(gru_cuda_emulated PUBLIC gru_engine gru_cuda_emulator ${CMAKE_DL_LIBS})
# A GPU may fuse products and sums where the source allows it. This build fuses none.
target_compile_options(gru_cuda_emulated PRIVATE -O2)

if(GRU_CUDA_EMULATED)
  # The entry point must be in the module itself, which hides all symbols from libraries.
  gru_plugin(gru_native_cuda_emulated "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/plugin.cc")
  target_link_libraries(gru_native_cuda_emulated PRIVATE gru_cuda_emulated)
endif()
