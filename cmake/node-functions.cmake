# gru_node_functions(TARGET HEADER_FOLDERS...): adds native/binding/windows/node_functions.cc to an addon for Windows,
# with node_functions.inc, the list of all functions that node_api.h declares.
function(gru_node_functions target)
  find_path(
    GRU_NODE_API_FOLDER node_api.h
    HINTS ${ARGN}
    NO_DEFAULT_PATH NO_CMAKE_FIND_ROOT_PATH REQUIRED)
  set(list "")
  foreach(header IN ITEMS js_native_api node_api)
    file(READ "${GRU_NODE_API_FOLDER}/${header}.h" text)
    string(REGEX MATCHALL "NAPI_CDECL[ \n]+(napi|node_api)_[a-z0-9_]+\\(" declarations "${text}")
    foreach(declaration IN LISTS declarations)
      string(REGEX REPLACE "NAPI_CDECL[ \n]+([a-z0-9_]+)\\(" "GRU_NODE_FUNCTION(\\1)\n" entry "${declaration}")
      string(APPEND list "${entry}")
    endforeach()
  endforeach()
  set(folder "${CMAKE_CURRENT_BINARY_DIR}/node-functions")
  file(CONFIGURE OUTPUT "${folder}/node_functions.inc" CONTENT "${list}" @ONLY)
  # The functions are defined there, not imported.
  target_compile_definitions(${target} PRIVATE NAPI_EXTERN=)
  target_sources(${target} PRIVATE native/binding/windows/node_functions.cc)
  target_include_directories(${target} PRIVATE "${folder}")
endfunction()
