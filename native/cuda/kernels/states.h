#pragma once

#include "cuda/launch.h"
#include "cuda/walk.h"
#include "device/device.h"

/// Operations before and after the steps of a recurrence.
namespace gru::cuda {

/// to [batch, H] = the state after each sequence's last step, or its initial state if it has no
/// step. `lengths` is [batch] in sorted order.
Status final_state(const Queue& queue, DeviceMatrix<float> to, const Walk& walk,
                   const std::int32_t* lengths);

/// to [rows, H] = the state before each packed row.
Status states_before(const Queue& queue, DeviceMatrix<float> to, const Walk& walk);

/// The biases that are added to the products, from biases in PyTorch's layout: [4H], the first
/// three for W x, the last for U_n h with the reset gate after the product. Empty biases are zero.
Status pack_biases(const Queue& queue, float* to, const RecurrentTensors<const float>& from,
                   std::size_t hidden, ResetGate reset);

/// The biases' gradients, from the sums over all rows of the reserve's gradients: [4H].
Status unpack_bias_gradients(const Queue& queue, const RecurrentTensors<float>& to,
                             const float* sums, std::size_t hidden, ResetGate reset);

}  // namespace gru::cuda
