#pragma once

#include <cstdint>
#include <new>
#include <string>
#include <utility>

namespace gru {

/// Why a call did not finish. `aborted` means that the caller asked for it, so it is not a failure.
/// `nonfinite` means that a result is NaN or infinite and would spoil the values that it goes into.
enum class StatusCode : std::uint8_t {
  ok,
  shape,
  value,
  nonfinite,
  device,
  memory,
  aborted,
  internal,
};

/// The result of every call in the engine that may fail. The engine throws no exception to its
/// callers.
class [[nodiscard]] Status {
 public:
  Status() = default;

  static Status shape(std::string message) { return {StatusCode::shape, std::move(message)}; }
  static Status value(std::string message) { return {StatusCode::value, std::move(message)}; }
  static Status nonfinite(std::string message) {
    return {StatusCode::nonfinite, std::move(message)};
  }
  static Status device(std::string message) { return {StatusCode::device, std::move(message)}; }
  static Status memory(std::string message) { return {StatusCode::memory, std::move(message)}; }
  static Status aborted() { return {StatusCode::aborted, "aborted"}; }
  static Status internal(std::string message) { return {StatusCode::internal, std::move(message)}; }

  /// The same failure with `where` before its message.
  Status of(const std::string& where) && {
    if (!is_ok() && code_ != StatusCode::aborted) message_ = where + message_;
    return std::move(*this);
  }

  bool is_ok() const noexcept { return code_ == StatusCode::ok; }
  StatusCode code() const noexcept { return code_; }
  const std::string& message() const noexcept { return message_; }

 private:
  Status(StatusCode code, std::string message) : code_(code), message_(std::move(message)) {}

  StatusCode code_ = StatusCode::ok;
  std::string message_;
};

/// Runs `body`, which returns a Status, and turns an exception into a Status. So the standard
/// library's exceptions do not leave the engine.
template <class Body>
Status guarded(Body&& body) noexcept {
  try {
    return std::forward<Body>(body)();
  } catch (const std::bad_alloc&) {
    return Status::memory("out of memory");
  } catch (...) {
    // Short enough for the string's own storage. An allocation here could throw again.
    return Status::internal("exception");
  }
}

}  // namespace gru

#define GRU_RETURN_IF_ERROR(expression)                           \
  do {                                                            \
    if (::gru::Status status_ = (expression); !status_.is_ok()) { \
      return status_;                                             \
    }                                                             \
  } while (false)
