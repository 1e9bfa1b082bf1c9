#pragma once

#include "layers/layer.h"

namespace gru {

/// For each token the table's row of that number: weight [tokens, size], torch.nn.Embedding.
class Embedding final : public Layer {
 public:
  explicit Embedding(std::size_t size) : size_(size) {}

  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  template <class T>
  DeviceMatrix<T> table(DeviceSpan<T> flat) const {
    return {flat.subspan(weight_, tokens_ * size_), size_};
  }

  std::size_t size_;
  std::size_t tokens_ = 0;
  std::size_t weight_ = 0;
};

}  // namespace gru
