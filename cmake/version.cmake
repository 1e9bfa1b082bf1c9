# The version is written once, in package.json; C++ gets it as the string literal GRU_VERSION.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS package.json)
file(READ package.json package_json)
string(JSON gru_version GET "${package_json}" version)
add_compile_definitions(GRU_VERSION="${gru_version}")

# The addon and its plug-in pass C++ objects to each other, so they must agree on every header between them:
# GRU_PLUGIN_VERSION is the version and a hash of those.
set(gru_shared_headers "")
foreach(header base/cell base/options base/random base/rows base/size base/status device/device cuda/plugin)
  set(header "native/${header}.h")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${header}")
  file(SHA256 "${CMAKE_CURRENT_SOURCE_DIR}/${header}" hash)
  string(APPEND gru_shared_headers "${hash}")
endforeach()
string(SHA256 gru_shared_headers "${gru_shared_headers}")
string(SUBSTRING "${gru_shared_headers}" 0 12 gru_shared_headers)
add_compile_definitions(GRU_PLUGIN_VERSION="${gru_version}+${gru_shared_headers}")
