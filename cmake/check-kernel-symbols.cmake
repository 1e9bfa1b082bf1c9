# Fails if an object of OBJECTS defines a weak symbol that does not carry the name of its instruction set ISA.
set(offenders "")
foreach(object IN LISTS OBJECTS)
  execute_process(COMMAND "${NM}" --demangle --defined-only "${object}" OUTPUT_VARIABLE symbols
                                                                         COMMAND_ERROR_IS_FATAL ANY)
  string(REPLACE ";" "," symbols "${symbols}")
  string(REPLACE "\n" ";" symbols "${symbols}")
  foreach(symbol IN LISTS symbols)
    if(symbol MATCHES " [VWu] " AND NOT symbol MATCHES "${ISA}")
      string(APPEND offenders "\n  ${object}: ${symbol}")
    endif()
  endforeach()
endforeach()
if(offenders)
  message(FATAL_ERROR "shared symbols in ${ISA} code (make them static or put them in its namespace):"
                      "${offenders}")
endif()
