include(doctest)

# Each source becomes an executable and a CTest test, FOLDER/STEM: gru_unit_test(FOLDER STEM SOURCE LIBRARIES...).
# The target gru_tests_FOLDER builds all of a folder.
function(gru_unit_test folder stem source)
  set(target ${folder}_${stem})
  add_executable(${target} "${source}")
  target_link_libraries(${target} PRIVATE gru_doctest ${ARGN})
  if(NOT TARGET gru_tests_${folder})
    add_custom_target(gru_tests_${folder})
  endif()
  add_dependencies(gru_tests_${folder} ${target})
  add_test(NAME ${folder}/${stem} COMMAND ${target})
  set_tests_properties(${folder}/${stem} PROPERTIES TIMEOUT 300)
endfunction()

# Every native/FOLDER/**_test.cc.
function(gru_unit_tests folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
       "${CMAKE_CURRENT_SOURCE_DIR}/native/${folder}/*_test.cc")
  if(GRU_IS_WASM)
    list(FILTER sources EXCLUDE REGEX "/threads_test\\.cc$") # it has no threads
  endif()
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    gru_unit_test(${folder} ${stem} "${source}" ${ARGN})
  endforeach()
endfunction()

# Every native/testing/*_test.cc, with the device that native/FOLDER/testing/test_device.cc makes. A source is compiled
# once for all devices.
function(gru_device_tests folder result)
  file(GLOB sources CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/native/testing/*_test.cc")
  add_library(gru_${folder}_test_device STATIC native/${folder}/testing/test_device.cc)
  target_link_libraries(gru_${folder}_test_device PUBLIC gru_doctest ${ARGN} gru_engine)
  set(stems "")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    if(NOT TARGET gru_${stem})
      add_library(gru_${stem} OBJECT "${source}")
      target_link_libraries(gru_${stem} PRIVATE gru_doctest gru_engine)
    endif()
    gru_unit_test(${folder} ${stem} $<TARGET_OBJECTS:gru_${stem}> gru_${folder}_test_device)
    list(APPEND stems ${stem})
  endforeach()
  set(${result} ${stems} PARENT_SCOPE)
endfunction()

# A process chooses its kernels, and whether it uses BLAS, only once. So the tests of all parts above the kernels
# run once for each choice. A choice that the machine does not have gives the default again.
function(gru_test_choices name target)
  foreach(choice IN LISTS GRU_ISAS ITEMS blas noblas)
    if(choice STREQUAL "blas")
      set(environment GRU_NATIVE_BLAS=on)
    elseif(choice STREQUAL "noblas")
      set(environment GRU_NATIVE_ISA=baseline GRU_NATIVE_BLAS=off)
    else()
      set(environment GRU_NATIVE_ISA=${choice})
    endif()
    add_test(NAME ${name}_${choice} COMMAND ${target})
    set_tests_properties(${name}_${choice} PROPERTIES TIMEOUT 300 ENVIRONMENT "${environment}")
  endforeach()
endfunction()

foreach(folder IN ITEMS base reference model)
  gru_unit_tests(${folder} gru_engine)
endforeach()
gru_unit_tests(cpu gru_cpu gru_engine)
gru_device_tests(cpu device_tests gru_cpu)
foreach(stem IN LISTS device_tests ITEMS gemm_test)
  gru_test_choices(cpu/${stem} cpu_${stem})
endforeach()

if(GRU_IS_WASM)
  gru_unit_tests(wasm gru_options)
else()
  # The executor and what runs on it, without Node.
  add_library(gru_executor STATIC native/binding/executor.cc native/binding/executor_threads.cc)
  target_link_libraries(gru_executor PUBLIC gru_engine PRIVATE Threads::Threads)
  gru_unit_tests(binding gru_executor gru_cpu_test_device)
  include(cuda-unit-tests)
endif()

# If several objects define the same inline function, the linker keeps one copy. If it kept the copy of an AVX
# object, code for every machine would run it. So kernel objects must not share such a symbol.
if(CMAKE_NM AND NOT GRU_SANITIZE)
  foreach(isa IN LISTS GRU_ISAS)
    if(TARGET gru_kernels_${isa} AND GRU_ISA_FLAGS_${isa})
      add_test(
        NAME cpu/kernel_symbols_${isa}
        COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} -DISA=${isa}
                "-DOBJECTS=$<TARGET_OBJECTS:gru_kernels_${isa}>" -P
                "${CMAKE_CURRENT_SOURCE_DIR}/cmake/check-kernel-symbols.cmake")
    endif()
  endforeach()
endif()
