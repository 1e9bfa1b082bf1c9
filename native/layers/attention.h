#pragma once

#include "base/graph_options.h"
#include "layers/products.h"

namespace gru {

/// For each row s of a query: the mean of the rows E_i that the same sequence has in a memory,
/// weighted by the softmax of the scores e_i:
///
///   additive            e_i = score . tanh(W_q s + W_k E_i)      query.weight [size, width of s],
///                       key.weight [size, width of E], score.weight [1, size]
///   scaled dot product  e_i = W_q s . E_i / sqrt(width of E)     query.weight [width of E, of s]
///
/// Query and memory may have different lengths. A sequence without a row in the memory gives zeros.
class Attention final : public Layer {
 public:
  explicit Attention(const AttentionOptions& options) : options_(options) {}

  InputCount input_count() const override { return {2, 2}; }
  Status declare(std::span<const EdgeShape> inputs, const LayerName& name, ParameterLayout& layout,
                 EdgeShape& output) override;
  Status load(Device& device, DeviceSpan<const float> parameters) override;
  void trim() override {
    loaded_query_.trim();
    loaded_key_.trim();
  }
  std::unique_ptr<LayerPass> make_pass() const override;
  Status forward(const LayerForward& call) override;
  Status backward(const LayerBackward& call) override;

 private:
  Status compute_key(const LayerForward& call, Buffer<float>& key, std::uint64_t& version) const;
  bool is_additive() const { return options_.score == AttentionScore::additive; }
  template <class T>
  DeviceMatrix<T> query_weight(DeviceSpan<T> flat) const {
    return {flat.subspan(query_weight_, size_ * query_width_), query_width_};
  }
  template <class T>
  DeviceMatrix<T> key_weight(DeviceSpan<T> flat) const {
    return {flat.subspan(key_weight_, size_ * memory_width_), memory_width_};
  }
  template <class T>
  DeviceSpan<T> score(DeviceSpan<T> flat) const {
    return is_additive() ? flat.subspan(score_weight_, size_) : DeviceSpan<T>();
  }

  AttentionOptions options_;
  std::size_t query_width_ = 0;
  std::size_t memory_width_ = 0;
  std::size_t size_ = 0;  ///< the width at which query and memory are compared
  float scale_ = 1;
  std::size_t query_weight_ = 0;
  std::size_t key_weight_ = 0;
  std::size_t score_weight_ = 0;
  ForwardWeight loaded_query_;
  ForwardWeight loaded_key_;  ///< with additive
};

}  // namespace gru
