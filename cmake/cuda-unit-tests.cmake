# The tests of the CUDA device, on the emulator. unit-tests.cmake has the functions.

# gru_test_choices for each tier of the CUDA device's recurrences.
function(gru_test_tiers name target)
  foreach(tier resident persistent stepwise)
    add_test(NAME ${name}_${tier} COMMAND ${target})
    set_tests_properties(${name}_${tier} PROPERTIES TIMEOUT 300 ENVIRONMENT GRU_NATIVE_CUDA_TIER=${tier})
  endforeach()
endfunction()

gru_unit_tests(cuda gru_cuda_emulated gru_engine)
add_library(gru_fake_cublas MODULE native/cuda/testing/fake_cublas.cc)
target_include_directories(gru_fake_cublas PRIVATE native native/cuda/emulator)
target_link_libraries(gru_fake_cublas PRIVATE gru_options)
target_compile_definitions(cuda_blas_test PRIVATE GRU_FAKE_CUBLAS="$<TARGET_FILE:gru_fake_cublas>")
add_dependencies(cuda_blas_test gru_fake_cublas)
gru_device_tests(cuda device_tests gru_cuda_emulated)
foreach(test IN ITEMS blas tiles)
  target_link_libraries(cuda_${test}_test PRIVATE gru_cuda_test_device)
endforeach()
# Tests of aborts and allocations run only with the tiers that the device chooses.
list(FILTER device_tests INCLUDE REGEX "^engine_(test|bits|model)")
foreach(stem IN LISTS device_tests)
  gru_test_tiers(cuda/${stem} cuda_${stem})
endforeach()

# The emulator's own tests and one of kernels: what ThreadSanitizer checks in minutes.
get_target_property(cuda_tests gru_tests_cuda MANUALLY_ADDED_DEPENDENCIES)
list(FILTER cuda_tests INCLUDE REGEX "^cuda_(emulator_|device_gemm_test)")
add_custom_target(gru_tests_races DEPENDS ${cuda_tests})
