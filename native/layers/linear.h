#pragma once

#include "base/graph_options.h"
#include "layers/products.h"

namespace gru {

/// y = activation(x W^T + b) with weight [size, width of x] and bias [size]: torch.nn.Linear.
class Linear final : public Layer {
 public:
  explicit Linear(const LinearOptions& options)
      : size_(options.size), activation_(options.activation) {}

  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status load(Device& device, DeviceSpan<const float> parameters) override;
  void trim() override { loaded_.trim(); }
  std::unique_ptr<LayerPass> make_pass() const override;
  bool reads_output() const override { return activation_ != Activation::none; }
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  template <class T>
  DeviceMatrix<T> weight(DeviceSpan<T> flat) const {
    return {flat.subspan(weight_, size_ * width_), width_};
  }

  std::size_t size_;
  Activation activation_;
  std::size_t width_ = 0;
  std::size_t weight_ = 0;
  std::size_t bias_ = 0;
  ForwardWeight loaded_;
};

}  // namespace gru
