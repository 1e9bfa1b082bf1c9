#include "layers/parameter_layout.h"

#include <utility>

#include "base/size.h"

namespace gru {

Status ParameterLayout::append(std::string name, std::vector<std::size_t> shape,
                               InitialValues initial, std::size_t& offset) {
  CheckedSize count(1);
  for (const std::size_t extent : shape) count = count * extent;
  const auto total = (count + count_).elements();
  if (!total) {
    return Status::value("options: expected sizes with at most " + std::to_string(max_elements) +
                         " parameters, got sizes with more, in " + name);
  }
  offset = count_;
  specs_.push_back({std::move(name), std::move(shape), initial, count_, *total - count_});
  count_ = *total;
  return {};
}

Status check_layer_size(const std::string& name, std::size_t size) {
  if (size >= 1 && size <= max_layer_size) return {};
  return Status::value(name + ": expected an integer from 1 to " + std::to_string(max_layer_size) +
                       ", got " + std::to_string(size));
}

}  // namespace gru
