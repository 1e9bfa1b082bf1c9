#include "base/checks.h"

#include <cmath>
#include <cstdio>
#include <string>

namespace gru {

std::string text_of(double number) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", number);
  return text;
}

Status check_id(const char* name, std::span<const std::int32_t> ids, std::size_t index,
                std::size_t limit) {
  const std::int32_t id = ids[index];
  if (id >= 0 && static_cast<std::size_t>(id) < limit) return {};
  return Status::value(std::string(name) + "[" + std::to_string(index) +
                       "]: expected an integer from 0 to " + std::to_string(limit - 1) + ", got " +
                       std::to_string(id));
}

Status check_ids(const char* name, std::span<const std::int32_t> ids,
                 std::span<const std::int32_t> rows, std::size_t limit) {
  if (!rows.empty()) {
    for (const std::int32_t row : rows) {
      GRU_RETURN_IF_ERROR(check_id(name, ids, static_cast<std::size_t>(row), limit));
    }
    return {};
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    GRU_RETURN_IF_ERROR(check_id(name, ids, i, limit));
  }
  return {};
}

Status check_probability(const char* name, std::span<const float> values, std::size_t index) {
  const float value = values[index];
  if ((value >= 0 && value <= 1) || !std::isfinite(value)) return {};
  return Status::value(std::string(name) + "[" + std::to_string(index) +
                       "]: expected a finite number at least 0 and at most 1, got " +
                       text_of(value));
}

}  // namespace gru
