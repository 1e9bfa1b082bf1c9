# gru_native.wasm, the addon for WebAssembly: Node-API by emnapi, whose JavaScript part native/wasm/host.mjs uses.
#
#   GRU_EMNAPI           the folder of the npm package emnapi
#   GRU_NODE_ADDON_API   the folder of the npm package node-addon-api
gru_sources(binding binding_sources)
list(FILTER binding_sources EXCLUDE REGEX "/(array_memory|executor_threads)\\.cc$")
add_executable(gru_native ${binding_sources} native/wasm/array_memory.cc native/wasm/executor_turns.cc)
set_target_properties(gru_native PROPERTIES SUFFIX .wasm)
target_include_directories(gru_native SYSTEM PRIVATE "${GRU_EMNAPI}/include/node" "${GRU_NODE_ADDON_API}")
target_compile_definitions(gru_native PRIVATE NAPI_VERSION=8 NAPI_CPP_EXCEPTIONS)
target_link_libraries(gru_native PRIVATE gru_cpu gru_engine "${GRU_EMNAPI}/lib/wasm32-wasip1/libemnapi-basic.a")
target_link_options(
  gru_native
  PRIVATE
  -mexec-model=reactor
  -Wl,--export=malloc
  -Wl,--export=free
  -Wl,--export=napi_register_wasm_v1
  -Wl,--export=node_api_module_get_api_version_v1
  -Wl,--export-table
  $<$<CONFIG:Release>:-Wl,--strip-all>
  -Wl,--import-symbols) # Node-API
