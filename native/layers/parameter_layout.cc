#include "layers/parameter_layout.h"

#include <utility>

#include "base/size.h"

namespace gru {

namespace {

// The widest row that is kept has four values for each unit.
constexpr std::size_t max_layer_size = 0x7fffffff / 4;

}  // namespace

Status ParameterLayout::append(std::string name, std::vector<std::size_t> shape,
                               InitialValues initial, std::size_t& offset) {
  CheckedSize count(1);
  for (const std::size_t extent : shape) count = count * extent;
  const auto total = (count + count_).elements();
  if (!total) {
    return Status::value(name +
                         ": expected a tensor of at most 2^48 elements, got sizes beyond it");
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
