/// main of every native test, and all of doctest that is not a header's: compiled once.

// Faults are the emulator's and the sanitizers' to report, and doctest's handlers would come first.
#define DOCTEST_CONFIG_NO_POSIX_SIGNALS
#define DOCTEST_CONFIG_IMPLEMENT_WITH_MAIN
#include <doctest.h>
