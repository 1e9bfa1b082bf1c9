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

/// The states in which a batch ended, kept on the device for the next batch to begin with. No
/// gradient goes from one batch to the one before.
class CarriedStates {
 public:
  /// The next batch begins with states of zero.
  void reset() { batch_ = 0; }
  /// Lets a pass begin with the states, after its inputs are loaded. Fails with a value status
  /// where the graph has nothing to carry, with a shape status where the states are of another
  /// number of sequences.
  Status load(Model& model, std::size_t batch, GraphPass& pass) const;
  /// Drops what was taken and not committed.
  void forget() { next_batch_ = 0; }
  /// Takes the states in which a forward pass ended; those before stay until commit().
  Status take(Model& model, std::size_t batch, const GraphPass& pass);
  /// What was taken, if anything was, is what the next batch begins with.
  void commit();
  Status read(Device& device, CarriedCopy& copy) const;
  /// Whether `write` takes the copy.
  static bool fits(const Graph& graph, const CarriedCopy& copy);
  Status write(Model& model, const CarriedCopy& copy);

 private:
  Status check(const Graph& graph, std::size_t batch) const;

  std::size_t batch_ = 0;              ///< sequences that the states are of; 0: none
  std::size_t next_batch_ = 0;         ///< 0: nothing was taken
  std::vector<Buffer<float>> states_;  ///< of each state of the graph, in the order of the batch
  std::vector<Buffer<float>> next_;
};

}  // namespace gru
