#pragma once

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

/// What the native unit tests need: named cases, checks that do not stop a test, and an exit
/// status.
namespace gru::testing {

struct Case {
  const char* name;
  void (*body)();
};

inline std::vector<Case>& cases() {
  static std::vector<Case> all;
  return all;
}

inline int& failures() {
  static int count = 0;
  return count;
}

struct Registration {
  Registration(const char* name, void (*body)()) { cases().push_back({name, body}); }
};

inline void fail(const char* file, int line, const std::string& what) {
  ++failures();
  std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

inline void check_near(const char* file, int line, const char* what, double got, double expected,
                       double bound) {
  const bool near = std::abs(got - expected) <= bound || got == expected ||
                    (std::isnan(got) && std::isnan(expected));
  if (near) return;
  char text[256];
  std::snprintf(text, sizeof text, "%s: expected %.9g within %.2g, got %.9g", what, expected, bound,
                got);
  fail(file, line, text);
}

inline int run() {
  for (const Case& test : cases()) {
    const int before = failures();
    test.body();
    std::printf("%s %s\n", failures() == before ? "ok" : "FAILED", test.name);
  }
  return failures() == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

}  // namespace gru::testing

#define GRU_TEST(name)                                                        \
  static void name();                                                         \
  static const ::gru::testing::Registration name##_registration(#name, name); \
  static void name()
#define GRU_CHECK(condition) \
  ((condition) ? void() : ::gru::testing::fail(__FILE__, __LINE__, "not true: " #condition))
#define GRU_CHECK_NEAR(got, expected, bound) \
  ::gru::testing::check_near(__FILE__, __LINE__, #got, got, expected, bound)
#define GRU_TEST_MAIN \
  int main() { return ::gru::testing::run(); }
