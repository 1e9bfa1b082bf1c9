#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/status.h"

namespace gru {

/// How the initial values of a tensor are drawn.
struct InitialValues {
  enum class Kind : std::uint8_t { uniform, normal, constant };

  Kind kind = Kind::constant;
  double scale = 0;

  /// Uniform in (-bound, bound).
  static InitialValues uniform(double bound) { return {Kind::uniform, bound}; }
  /// Normal, with mean 0.
  static InitialValues normal(double deviation) { return {Kind::normal, deviation}; }
  static InitialValues constant(double value) { return {Kind::constant, value}; }
};

/// One named tensor within the flat vector that holds all parameters of a graph.
struct ParameterSpec {
  std::string name;
  std::vector<std::size_t> shape;
  InitialValues initial;
  std::size_t offset = 0;  ///< of its first element in the flat vector
  std::size_t count = 0;   ///< product of `shape`
};

/// The flat layout of all parameters: tensors one after another, in the order in which layers
/// declare them. This is the only part that knows where a parameter lies.
class ParameterLayout {
 public:
  /// Adds a tensor and gives its offset. Fails with a value status that names the tensor if sizes
  /// overflow.
  Status append(std::string name, std::vector<std::size_t> shape, InitialValues initial,
                std::size_t& offset);

  const std::vector<ParameterSpec>& specs() const { return specs_; }
  /// The number of all elements.
  std::size_t count() const { return count_; }

 private:
  std::vector<ParameterSpec> specs_;
  std::size_t count_ = 0;
};

/// The names of a layer's tensors and options: with the layer's name in a graph, without one if the
/// layer stands alone.
struct LayerName {
  std::string name;

  std::string tensor(const std::string& own) const { return name.empty() ? own : name + "." + own; }
  std::string option(const std::string& own) const {
    return name.empty() ? own : "layers." + name + "." + own;
  }
};

/// The largest size of a layer. The widest row of such a layer has four values for each unit, so
/// every index stays in range that a kernel or BLAS (with integers of 32 bits) computes. The hidden
/// size of a recurrent layer is far smaller, since weight_hh has at most max_elements.
inline constexpr std::size_t max_layer_size = 0x7fffffff / 4;

/// Fails with a value status that names `name` unless 1 <= size <= max_layer_size.
Status check_layer_size(const std::string& name, std::size_t size);

}  // namespace gru
