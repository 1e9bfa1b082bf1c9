# gru_native.node, the Node addon. cmake-js gives the folders of node_api.h and napi.h in CMAKE_JS_INC.
gru_sources(binding binding_sources)
add_library(gru_native MODULE ${binding_sources} ${CMAKE_JS_SRC})
set_target_properties(gru_native PROPERTIES PREFIX "" SUFFIX ".node")
target_include_directories(gru_native SYSTEM PRIVATE ${CMAKE_JS_INC})
target_compile_definitions(gru_native PRIVATE NAPI_VERSION=8 NAPI_CPP_EXCEPTIONS)
target_link_libraries(gru_native PRIVATE gru_cpu gru_engine Threads::Threads ${CMAKE_JS_LIB})

if(APPLE)
  target_link_options(gru_native PRIVATE -undefined dynamic_lookup)
else()
  # nodelete: Node unloads an addon when the last worker_thread that loaded it ends, but this one owns
  # threads that outlive any worker. exclude-libs: symbols of static libraries are not exported.
  target_link_options(gru_native PRIVATE -Wl,-z,nodelete -Wl,--exclude-libs,ALL)
endif()
