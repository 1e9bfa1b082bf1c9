# gru_cuda_emulator: replaces the CUDA runtime, so that g++ compiles the .cu sources and the CPU
# executes them (native/cuda/emulator/cuda_runtime.h).
gru_sources(cuda/emulator emulator_sources)
add_library(gru_cuda_emulator STATIC ${emulator_sources})
target_include_directories(gru_cuda_emulator PUBLIC "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/emulator")
target_compile_definitions(gru_cuda_emulator PUBLIC GRU_CUDA_EMULATED)
target_compile_options(gru_cuda_emulator PUBLIC -Wno-unknown-pragmas)
# Messages name the kernels of a program by its visible symbols.
target_link_options(gru_cuda_emulator INTERFACE -rdynamic)
target_link_libraries(gru_cuda_emulator PUBLIC gru_options Threads::Threads ${CMAKE_DL_LIBS})

# The emulator tells ThreadSanitizer the order that barriers imply. ThreadSanitizer must not see their code.
if("thread" IN_LIST GRU_SANITIZE)
  foreach(source IN ITEMS block block_meetings fiber shared_memory)
    set_source_files_properties(
      "${CMAKE_CURRENT_SOURCE_DIR}/native/cuda/emulator/${source}.cc"
      PROPERTIES COMPILE_OPTIONS -fno-sanitize=thread COMPILE_DEFINITIONS
                                                      GRU_EMULATOR_THREAD_SANITIZER)
  endforeach()
endif()
