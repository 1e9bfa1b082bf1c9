# gru_native.node, the Node addon. cmake-js, or whoever calls CMake, gives the folders of node_api.h and napi.h in
# CMAKE_JS_INC.
gru_sources(binding binding_sources)
# Both kinds can be loaded. On macOS, not every linker makes a MODULE, which is a bundle there.
set(gru_addon_kind MODULE)
if(APPLE)
  set(gru_addon_kind SHARED)
endif()
add_library(gru_native ${gru_addon_kind} ${binding_sources})
set_target_properties(gru_native PROPERTIES PREFIX "" SUFFIX ".node")
target_include_directories(gru_native SYSTEM PRIVATE ${CMAKE_JS_INC})
target_compile_definitions(gru_native PRIVATE NAPI_VERSION=8 NAPI_CPP_EXCEPTIONS)
target_link_libraries(gru_native PRIVATE gru_cpu gru_engine Threads::Threads)

if(WIN32)
  include(node-functions)
  gru_node_functions(gru_native ${CMAKE_JS_INC})
elseif(APPLE)
  target_link_options(gru_native PRIVATE -Wl,-undefined,dynamic_lookup)
else()
  # nodelete: as native/binding/keep_loaded.h says. The map hides the symbols of static libraries.
  set(gru_exports "${CMAKE_CURRENT_SOURCE_DIR}/native/binding/exports.map")
  target_link_options(gru_native PRIVATE -Wl,-z,nodelete "-Wl,--version-script=${gru_exports}")
  set_target_properties(gru_native PROPERTIES LINK_DEPENDS "${gru_exports}")
endif()
