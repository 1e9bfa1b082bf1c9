#pragma once

#include <node_api.h>

#include <string>
#include <utility>

#include "base/status.h"

namespace gru::binding {

/// The failure of a call from JavaScript: a code (ERR_GRU_*) and a message. It is thrown inside the
/// binding only; the entry points (entry.h) turn it into a JavaScript error.
struct Failure {
  const char* code = "";
  std::string message;
};

/// The code of a status in JavaScript.
inline const char* code_of(StatusCode code) {
  switch (code) {
    case StatusCode::shape:
      return "ERR_GRU_SHAPE";
    case StatusCode::value:
      return "ERR_GRU_VALUE";
    case StatusCode::nonfinite:
      return "ERR_GRU_NONFINITE";
    case StatusCode::device:
      return "ERR_GRU_DEVICE";
    case StatusCode::memory:
      return "ERR_GRU_MEMORY";
    case StatusCode::aborted:
      return "ERR_GRU_ABORTED";
    case StatusCode::ok:
    case StatusCode::internal:
      break;
  }
  return "ERR_GRU_INTERNAL";
}

/// Throws `status` as a failure, unless it is ok.
inline void check(const Status& status) {
  if (!status.is_ok()) throw Failure{code_of(status.code()), status.message()};
}

/// Checks a call of Node-API that fails only through a mistake in the program, or with a JavaScript
/// exception pending. The caller then sees that exception.
inline void check_call(napi_status status) {
  if (status == napi_ok) return;
  throw Failure{"ERR_GRU_INTERNAL", "Node-API: expected a call to succeed, got status " +
                                        std::to_string(static_cast<int>(status))};
}

/// All messages about arguments have this form: `<argument>: expected <expected>, got <got>`.
[[noreturn]] inline void refuse(const char* code, const std::string& argument,
                                const std::string& expected, const std::string& got) {
  throw Failure{code, argument + ": expected " + expected + ", got " + got};
}

[[noreturn]] inline void refuse_type(const std::string& argument, const std::string& expected,
                                     const std::string& got) {
  refuse("ERR_GRU_TYPE", argument, expected, got);
}

[[noreturn]] inline void refuse_value(const std::string& argument, const std::string& expected,
                                      const std::string& got) {
  refuse("ERR_GRU_VALUE", argument, expected, got);
}

[[noreturn]] inline void refuse_disposed(const std::string& argument) {
  throw Failure{"ERR_GRU_DISPOSED", argument + ": expected one in use, got one that was disposed"};
}

}  // namespace gru::binding
