#pragma once

#include <sys/wait.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <initializer_list>
#include <string>

#include "emulator_testing.h"

/// Tests of faults that end a process: each runs in a child process.

namespace gru::testing {

#if defined(__SANITIZE_ADDRESS__)
inline constexpr bool kAddressSanitizer = true;
#else
inline constexpr bool kAddressSanitizer = false;
#endif
#if defined(__SANITIZE_THREAD__)
inline constexpr bool kThreadSanitizer = true;
#else
inline constexpr bool kThreadSanitizer = false;
#endif

struct Death {
  bool failed = false;
  std::string message;

  bool says(const std::string& text) const { return message.find(text) != std::string::npos; }
};

/// Ends this process: with a failure if a REQUIRE of body fails.
[[noreturn]] inline void run_and_exit(void (*body)()) {
  try {
    body();
  } catch (...) {
    std::exit(EXIT_FAILURE);
  }
  std::exit(EXIT_SUCCESS);
}

/// Runs body() in a child process, which may start threads. The calling process must not have any.
/// The message holds all that the child writes, also its failed checks.
inline Death run_in_child(void (*body)()) {
  int ends[2];
  if (pipe(ends) != 0) return {};
  std::fflush(nullptr);
  const pid_t child = fork();
  if (child == 0) {
    dup2(ends[1], STDOUT_FILENO);
    dup2(ends[1], STDERR_FILENO);
    close(ends[0]);
    close(ends[1]);
    run_and_exit(body);
  }
  close(ends[1]);
  Death death;
  char text[4096];
  for (ssize_t got; (got = read(ends[0], text, sizeof text)) > 0;) {
    death.message.append(text, static_cast<std::size_t>(got));
  }
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  death.failed = !WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS;
  return death;
}

inline void check_no_death(const char* file, int line, const Death& death) {
  if (death.failed || !death.message.empty()) {
    ADD_FAIL_CHECK_AT(file, line, "expected no failure, got:\n", death.message);
  }
}

inline void check_death(const char* file, int line, void (*body)(),
                        std::initializer_list<const char*> texts) {
  const Death death = run_in_child(body);
  if (!death.failed) ADD_FAIL_CHECK_AT(file, line, "expected a failure");
  for (const char* text : texts) {
    if (death.says(text)) continue;
    ADD_FAIL_CHECK_AT(file, line, "expected '", std::string(text), "' in:\n", death.message);
  }
}

}  // namespace gru::testing

#define GRU_CHECK_DEATH(body, ...) \
  ::gru::testing::check_death(__FILE__, __LINE__, body, {__VA_ARGS__})
