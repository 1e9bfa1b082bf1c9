#include "layers/parameter_store.h"

#include <vector>

#include "layers/initialization.h"

namespace gru {

Status ParameterStore::allocate(Device& device, std::uint64_t seed) {
  seed_ = seed;
  return values_.reserve(device, layout_.count());
}

Status ParameterStore::draw(Device& device) {
  if (version_ > 0) return {};
  if (device.shares_host_memory()) {
    const DeviceSpan<float> values = mutable_values();
    initialize_parameters(layout_, seed_, {values.data(), values.size()});
    return {};
  }
  std::vector<float> initial(layout_.count());
  initialize_parameters(layout_, seed_, initial);
  return write(device, initial);
}

Status ParameterStore::read(Device& device, std::span<float> values) const {
  return device.download(values, values_.span());
}

Status ParameterStore::write(Device& device, std::span<const float> values) {
  return device.upload(mutable_values(), values);
}

Status ParameterStore::read(Device& device, std::span<const ParameterPart<float>> parts) const {
  for (const auto& [offset, values] : parts) {
    GRU_RETURN_IF_ERROR(device.download(values, values_.span().subspan(offset, values.size())));
  }
  return {};
}

Status ParameterStore::write(Device& device, std::span<const ParameterPart<const float>> parts) {
  const DeviceSpan<float> all = mutable_values();
  for (const auto& [offset, values] : parts) {
    GRU_RETURN_IF_ERROR(device.upload(all.subspan(offset, values.size()), values));
  }
  return {};
}

}  // namespace gru
