# gru_doctest: doctest's header, and main of every native test.

# In a cross build, too, it is this machine's header: it is the same for all.
find_package(doctest CONFIG QUIET NO_CMAKE_FIND_ROOT_PATH)
set(doctest_hints "")
if(TARGET doctest::doctest)
  get_target_property(doctest_hints doctest::doctest INTERFACE_INCLUDE_DIRECTORIES)
endif()
# The header's own folder. The one above holds the headers of this machine's other libraries, such as libc.
find_path(
  GRU_DOCTEST_FOLDER doctest.h
  HINTS ${doctest_hints}
  PATH_SUFFIXES doctest
  NO_CMAKE_FIND_ROOT_PATH)
if(NOT GRU_DOCTEST_FOLDER)
  message(
    FATAL_ERROR
      "GRU_TESTS=ON, but doctest was not found: the native unit tests are written with it.\n"
      "Debian: apt-get install doctest-dev; elsewhere: -DGRU_DOCTEST_FOLDER=FOLDER, which holds doctest.h")
endif()

add_library(gru_doctest STATIC native/testing/doctest_main.cc)
target_include_directories(gru_doctest SYSTEM PUBLIC "${GRU_DOCTEST_FOLDER}")
target_link_libraries(gru_doctest PRIVATE gru_options)
# More optimization of a test takes more time in the compiler than it saves when the test runs.
target_compile_options(gru_doctest INTERFACE $<$<CONFIG:Release>:-O1>)
if(GRU_IS_WASM)
  # WASI has no signals; the first lets their header be included. The second is for WASI without exceptions, as doctest
  # expects it: a REQUIRE that fails then ends the program.
  target_compile_definitions(gru_doctest PUBLIC _WASI_EMULATED_SIGNAL
                                                DOCTEST_CONFIG_NO_EXCEPTIONS_BUT_WITH_ALL_ASSERTS)
endif()
