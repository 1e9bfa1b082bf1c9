#include "core/parameter_store.h"

#include <string>
#include <vector>

#include "core/initialization.h"

namespace gru {

namespace {

Status check_count(std::size_t expected, std::size_t got) {
  if (expected == got) return {};
  return Status::shape("parameters: expected " + std::to_string(expected) + " values, got " +
                       std::to_string(got));
}

}  // namespace

Status ParameterStore::initialize(Device& device, const GruOptions& options, std::uint64_t seed) {
  GRU_RETURN_IF_ERROR(values_.reserve(device, layout_.count()));
  std::vector<float> initial(layout_.count());
  initialize_parameters(layout_, options, seed, initial);
  return write(device, initial);
}

Status ParameterStore::read(Device& device, std::span<float> values) const {
  GRU_RETURN_IF_ERROR(check_count(layout_.count(), values.size()));
  return device.download(values, values_.span());
}

Status ParameterStore::write(Device& device, std::span<const float> values) {
  GRU_RETURN_IF_ERROR(check_count(layout_.count(), values.size()));
  return device.upload(change(), values);
}

}  // namespace gru
