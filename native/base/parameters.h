#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/options.h"
#include "base/status.h"

namespace gru {

/// One named tensor within the flat vector that holds all parameters of a layer or model.
struct ParameterSpec {
  std::string name;
  std::vector<std::size_t> shape;
  std::size_t offset = 0;  ///< of its first element in the flat vector
  std::size_t count = 0;   ///< product of `shape`
};

/// Where one direction of one layer finds its parameters in the flat vector.
/// weight_ih [3H, I], weight_hh [3H, H], bias_ih [3H], bias_hh [3H]; bias offsets are meaningless
/// where the layer has none.
struct GruParameterOffsets {
  std::size_t weight_ih = 0;
  std::size_t weight_hh = 0;
  std::size_t bias_ih = 0;
  std::size_t bias_hh = 0;
};

/// The flat layout of all parameters: tensors in PyTorch's order and names, one after the other.
class ParameterLayout {
 public:
  /// Lays out a GRU stack: weight_ih_l0, weight_hh_l0, bias_ih_l0, bias_hh_l0,
  /// weight_ih_l0_reverse... Fails with a shape or value status that names the option where sizes
  /// are zero or overflow.
  static Status of_gru(const GruOptions& options, ParameterLayout& layout);

  /// Lays out a model: embedding.weight [tokens, E] (tokens only), gru.*, head.weight [O, D*H],
  /// head.bias [O].
  static Status of_model(const ModelOptions& options, ParameterLayout& layout);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  /// All elements together.
  std::size_t count() const { return count_; }
  /// The GRU tensors of `layer` and `direction` (0 forward, 1 reverse).
  const GruParameterOffsets& gru(std::size_t layer, std::size_t direction) const {
    return gru_[layer * directions_ + direction];
  }
  std::size_t embedding_weight() const { return embedding_weight_; }
  std::size_t head_weight() const { return head_weight_; }
  std::size_t head_bias() const { return head_bias_; }

 private:
  Status append(std::string name, std::vector<std::size_t> shape, std::size_t& offset);
  Status append_gru(const GruOptions& options, const std::string& prefix);

  std::vector<ParameterSpec> specs_;
  std::vector<GruParameterOffsets> gru_;
  std::size_t directions_ = 1;
  std::size_t count_ = 0;
  std::size_t embedding_weight_ = 0;
  std::size_t head_weight_ = 0;
  std::size_t head_bias_ = 0;
};

}  // namespace gru
