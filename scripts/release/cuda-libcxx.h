// Included before everything else in what nvcc compiles with libc++. CUDA's headers declare isnan and isinf for float and
// long double without noexcept. libc++ does the same with it, and only templates if this macro is not defined.
#include <__config>
#undef _LIBCPP_PREFERRED_OVERLOAD
