# The plug-in for GPUs, if there is an nvcc.
if(GRU_NVCC)
  set(CMAKE_CUDA_COMPILER "${GRU_NVCC}")
elseif(NOT CMAKE_CUDA_COMPILER)
  find_program(GRU_FOUND_NVCC nvcc HINTS ENV CUDA_HOME ENV CUDA_PATH PATHS /usr/local/cuda PATH_SUFFIXES bin)
  if(GRU_FOUND_NVCC)
    set(CMAKE_CUDA_COMPILER "${GRU_FOUND_NVCC}")
  endif()
endif()

include(CheckLanguage)
check_language(CUDA)
if(NOT CMAKE_CUDA_COMPILER)
  if(GRU_CUDA STREQUAL "ON")
    message(FATAL_ERROR "GRU_CUDA=ON, but nvcc was not found: install the CUDA toolkit, or name it by -DGRU_NVCC=PATH")
  endif()
  return()
endif()

# Turing to Blackwell, and PTX for later GPUs.
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 75-real 80-real 86-real 89-real 90-real 100-real 120)
endif()
set(GRU_CUDA_RUNTIME Static CACHE STRING "CUDA's runtime library: Static or Shared")
# The plug-in links it by its path, below. CMake's own name for it needs a search path that not every compiler gets.
set(CMAKE_CUDA_RUNTIME_LIBRARY None)
enable_language(CUDA)
# CUDA inherits CMAKE_CXX_STANDARD, but CMake 3.25 does not know nvcc's option for C++20.
if(NOT DEFINED CMAKE_CUDA20_STANDARD_COMPILE_OPTION)
  set(CMAKE_CUDA20_STANDARD_COMPILE_OPTION "-std=c++20")
  set(CMAKE_CUDA20_EXTENSION_COMPILE_OPTION "-std=c++20")
endif()
set(CMAKE_CUDA_VISIBILITY_PRESET hidden)
find_package(CUDAToolkit REQUIRED)

gru_plugin(gru_native_cuda ${cuda_sources} ${cuda_kernels})
target_include_directories(gru_native_cuda SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
target_compile_options(
  gru_native_cuda
  PRIVATE # the engine's constexpr functions, such as Philox's, run in kernels too
          $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr -Xcompiler=-Wall,-Wextra,-fexceptions
          $<$<BOOL:${GRU_WERROR}>:-Werror=all-warnings -Xcompiler=-Werror>>)
if(GRU_CUDA_RUNTIME STREQUAL "Static")
  target_link_libraries(gru_native_cuda PRIVATE CUDA::cudart_static)
else()
  target_link_libraries(gru_native_cuda PRIVATE CUDA::cudart)
endif()
