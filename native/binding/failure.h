#pragma once

#include <node_api.h>

#include <string>
#include <utility>

#include "base/status.h"

namespace gru::binding {

/// What a call from JavaScript fails with: a code (ERR_GRU_*) and a message. Thrown inside the
/// binding only; the entry points (entry.h) turn it into a JavaScript error.
struct Failure {
  const char* code = "";
  std::string message;
};

/// The code that JavaScript knows a status by.
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

/// Throws the failure that `status` is, if it is one.
inline void check(const Status& status) {
  if (!status.is_ok()) throw Failure{code_of(status.code()), status.message()};
}

/// Throws where a call of Node-API's failed that cannot fail in a sound program, or that left a
/// JavaScript exception pending, which then is what the caller sees.
inline void check_call(napi_status status) {
  if (status == napi_ok) return;
  throw Failure{"ERR_GRU_INTERNAL", "Node-API: expected a call to succeed, got status " +
                                        std::to_string(static_cast<int>(status))};
}

/// The one form of messages about arguments: `<argument>: expected <expected>, got <got>`.
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
