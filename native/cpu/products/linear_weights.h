#pragma once

#include "cpu/products/product.h"

namespace gru::cpu {

/// The weight of a linear layer, packed as the right factor of its products.
class CpuLinearWeights final : public LinearWeights {
 public:
  /// `held` is the device's count of bytes in use, which includes the packed weight.
  explicit CpuLinearWeights(std::size_t& held) : held_(held) {}
  CpuLinearWeights(const CpuLinearWeights&) = delete;
  CpuLinearWeights& operator=(const CpuLinearWeights&) = delete;
  ~CpuLinearWeights() override { held_ -= packed_.data.bytes(); }

  void load(DeviceMatrix<const float> weight) {
    weight_ = weight;
    ready_ = false;
  }
  /// Packs the weight if it was loaded since the last call.
  Status forward(const LinearForward& call);

 private:
  Status prepare();

  std::size_t& held_;
  DeviceMatrix<const float> weight_;
  bool ready_ = false;
  /// Each product begins with the panels that the one before left in the near caches.
  bool descending_ = false;
  PackedMatrix packed_;  ///< weight^T [width, size]
};

}  // namespace gru::cpu
