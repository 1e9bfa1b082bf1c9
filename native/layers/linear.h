#pragma once

#include "layers/layer.h"

namespace gru {

/// y = x W^T + b with weight [size, width of x] and bias [size]: torch.nn.Linear.
class Linear final : public Layer {
 public:
  explicit Linear(std::size_t size) : size_(size) {}

  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  template <class T>
  DeviceMatrix<T> weight(DeviceSpan<T> flat) const {
    return {flat.subspan(weight_, size_ * width_), width_};
  }

  std::size_t size_;
  std::size_t width_ = 0;
  std::size_t weight_ = 0;
  std::size_t bias_ = 0;
};

}  // namespace gru
