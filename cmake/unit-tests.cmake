# Every native/core/**_test.cc and native/cpu/**_test.cc becomes an executable and a CTest test of its name.
function(gru_unit_tests folder)
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS
       "${CMAKE_CURRENT_SOURCE_DIR}/native/${folder}/*_test.cc")
  foreach(source IN LISTS sources)
    cmake_path(GET source STEM stem)
    set(target ${folder}_${stem})
    add_executable(${target} "${source}")
    target_link_libraries(${target} PRIVATE ${ARGN})
    add_test(NAME ${folder}/${stem} COMMAND ${target})
    set_tests_properties(${folder}/${stem} PROPERTIES TIMEOUT 300)
    if(stem MATCHES "^(engine|device)")
      gru_test_choices(${folder}/${stem} ${target})
    endif()
  endforeach()
endfunction()

# A process chooses its kernels, and whether BLAS multiplies, once: so tests of all that stands above the
# kernels run once for each choice. A choice that the machine doesn't have is the default again.
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

gru_unit_tests(core gru_core)
gru_unit_tests(cpu gru_cpu gru_core)

# The linker keeps one copy of an inline function that several objects define. Were that the copy of an
# AVX object, code for every machine would run it. So kernel objects may share no such symbol.
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
