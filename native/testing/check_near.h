#pragma once

#include <doctest.h>

#include <cmath>
#include <cstdio>
#include <string>

/// The check that doctest lacks: its Approx bounds differences relative to the values.
namespace gru::testing {

/// Equal infinities are near each other, and so are NaNs.
inline bool is_near(double got, double expected, double bound) {
  return std::abs(got - expected) <= bound || got == expected ||
         (std::isnan(got) && std::isnan(expected));
}

/// `got` must differ from `expected` by at most `bound`; `what` names it in the message. Returns
/// whether it does.
inline bool check_near(const char* file, int line, const char* what, double got, double expected,
                       double bound) {
  if (is_near(got, expected, bound)) return true;
  char text[256];
  std::snprintf(text, sizeof text, "%s: expected %.9g within %.2g, got %.9g", what, expected, bound,
                got);
  ADD_FAIL_CHECK_AT(file, line, std::string(text));
  return false;
}

}  // namespace gru::testing

#define GRU_CHECK_NEAR(got, expected, bound) \
  ::gru::testing::check_near(__FILE__, __LINE__, #got, got, expected, bound)
