# The version is written once, in package.json; C++ gets it as the string literal GRU_VERSION.
set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS package.json)
file(READ package.json package_json)
string(JSON gru_version GET "${package_json}" version)
add_compile_definitions(GRU_VERSION="${gru_version}")
