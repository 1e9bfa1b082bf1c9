#pragma once

#include <cstddef>
#include <vector>

#include "model/model.h"

namespace gru {

/// A copy of carried states in the host's memory.
struct CarriedCopy {
  std::size_t batch = 0;                   ///< sequences; 0: no states
  std::vector<std::vector<float>> values;  ///< [L*D, batch, H] of each state of the graph
};

/// The final states of a batch, kept on the device. The next batch begins with them. No gradient
/// goes from one batch into the batch before.
class CarriedStates {
 public:
  /// The next batch begins with states of zero.
  void reset() { batch_ = 0; }
  /// Lets a pass begin with the states, after its inputs are loaded. Fails with a value status if
  /// the graph has no states to carry, and with a shape status if the states belong to another
  /// number of sequences.
  Status load(Model& model, std::size_t batch, GraphPass& pass) const;
  /// Drops states that were taken and not committed.
  void forget() { next_batch_ = 0; }
  /// Takes the final states of a forward pass. The next batch still begins with the states before,
  /// until commit() is called.
  Status take(Model& model, std::size_t batch, const GraphPass& pass);
  /// From now on the next batch begins with the states that were taken, if there are any.
  void commit();
  Status read(Device& device, CarriedCopy& copy) const;
  std::size_t held_bytes() const { return bytes_of(states_) + bytes_of(next_); }
  /// Whether `write` takes the copy.
  static bool fits(const Graph& graph, const CarriedCopy& copy);
  Status write(Model& model, const CarriedCopy& copy);

 private:
  Status check(const Graph& graph, std::size_t batch) const;

  std::size_t batch_ = 0;              ///< sequences that have the states; 0: none
  std::size_t next_batch_ = 0;         ///< 0: nothing was taken
  std::vector<Buffer<float>> states_;  ///< of each state of the graph, in the order of the batch
  std::vector<Buffer<float>> next_;
};

}  // namespace gru
