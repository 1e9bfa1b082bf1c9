#pragma once

#include <atomic>

#include "cpu/held_bytes.h"
#include "cpu/prepared.h"
#include "cpu/products/product.h"

namespace gru::cpu {

/// The weight of a linear layer, packed as the right factor of its products. Several threads may
/// compute with it at the same time.
class CpuLinearWeights final : public LinearWeights {
 public:
  /// `held` counts the bytes of the packed weight too.
  explicit CpuLinearWeights(HeldBytes& held) : held_(held) {}
  CpuLinearWeights(const CpuLinearWeights&) = delete;
  CpuLinearWeights& operator=(const CpuLinearWeights&) = delete;
  ~CpuLinearWeights() override { recount(held_, counted_, 0); }

  void load(DeviceMatrix<const float> weight) {
    weight_ = weight;
    packing_.invalidate();
  }
  /// Packs the weight if it was loaded since the last call.
  Status forward(const LinearForward& call);

 private:
  Status pack();

  HeldBytes& held_;
  std::size_t counted_ = 0;
  DeviceMatrix<const float> weight_;
  Prepared packing_;
  /// Each product begins with the panels that the one before left in the near caches.
  std::atomic<bool> descending_{false};
  PackedMatrix packed_;  ///< weight^T [width, size]
};

}  // namespace gru::cpu
