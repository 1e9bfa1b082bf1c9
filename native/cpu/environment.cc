#include "cpu/environment.h"

#include <charconv>
#include <cstdlib>

#include "cpu/cpu_device.h"
#include "cpu/products/blas.h"

namespace gru::cpu {

namespace {

constexpr const char* isa_variable = "GRU_NATIVE_ISA";
constexpr const char* blas_variable = "GRU_NATIVE_BLAS";
constexpr const char* threads_variable = "GRU_NATIVE_THREADS";

std::string read(const char* variable) {
  const char* const value = std::getenv(variable);
  return value == nullptr ? "" : value;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) list.append(list.empty() ? "" : ", ").append(name);
  return list;
}

bool follows_isa() { return asked_isa().empty() || asked_isa() == instruction_set(); }

bool follows_blas() {
  switch (asked_blas()) {
    case BlasChoice::by_default:
      return true;
    case BlasChoice::on:
      return has_blas();
    case BlasChoice::off:
      return !has_blas();
    case BlasChoice::unknown:
      break;
  }
  return false;
}

bool follows_threads() {
  return read(threads_variable).empty() || asked_threads(max_threads).has_value();
}

}  // namespace

std::string asked_isa() { return read(isa_variable); }

BlasChoice asked_blas() {
  const std::string choice = read(blas_variable);
  if (choice.empty()) return BlasChoice::by_default;
  if (choice == "on") return BlasChoice::on;
  return choice == "off" ? BlasChoice::off : BlasChoice::unknown;
}

std::optional<unsigned> asked_threads(unsigned maximum) {
  const std::string text = read(threads_variable);
  const char* const end = text.data() + text.size();
  unsigned count = 0;
  const auto [rest, error] = std::from_chars(text.data(), end, count);
  if (error != std::errc() || rest != end || count < 1 || count > maximum) return {};
  return count;
}

std::vector<IgnoredVariable> ignored_variables() {
  std::vector<IgnoredVariable> ignored;
  const auto add = [&](const char* variable, const std::string& expected, const std::string& used) {
    ignored.push_back({variable, read(variable), expected, used});
  };
  if (!follows_isa()) {
    add(isa_variable, "one that this machine runs (" + list_of(instruction_sets()) + ")",
        instruction_set());
  }
  if (!follows_blas()) {
    add(blas_variable, can_use_blas() ? "on or off" : "off, since the addon has no BLAS",
        blas_name());
  }
  if (!follows_threads()) {
    add(threads_variable, "an integer from 1 to " + std::to_string(max_threads),
        std::to_string(threads()));
  }
  return ignored;
}

}  // namespace gru::cpu
