#pragma once

#include <cuda_runtime.h>

#include "cuda/kernels/cell.h"

/// The cell of an LSTM, for one unit of one row at a time.
///
///   i = sigmoid(a_i)   f = sigmoid(a_f)   g = tanh(a_g)   o = sigmoid(a_o)
///   c' = f c + i g     h' = o tanh(c')
///
/// where a = W x + b + U h. Slots have W x + b before the step, and i, f, g, o and c' after it.
namespace gru::cuda {

/// U h of the four gates, without biases.
struct LstmSums {
  float i;
  float f;
  float g;
  float o;
};

struct LstmStates {
  float h;
  float c;
};

/// Returns h' and c'.
__device__ __forceinline__ LstmStates finish_lstm(const GateSlots& slots, const LstmSums& sums,
                                                  float c) {
  const float i = sigmoid(slots[gate_i] + sums.i);
  const float f = sigmoid(slots[gate_f] + sums.f);
  const float g = tanhf(slots[gate_g] + sums.g);
  const float o = sigmoid(slots[gate_o] + sums.o);
  const float next = f * c + i * g;
  slots[gate_i] = i;
  slots[gate_f] = f;
  slots[gate_g] = g;
  slots[gate_o] = o;
  slots[reserve_c] = next;
  return {o * tanhf(next), next};
}

/// Backward. d_h is the gradient of h', d_c that of c' without the part through h', and c the cell
/// state before the step. The slots of the gates receive the gradients of their inputs. c' is kept:
/// it is the cell state before the step that comes after this one in the forward order.
///
///   d_c += d_h o (1 - tanh(c')^2)
///   da_i = d_c g i (1 - i)   da_f = d_c c f (1 - f)   da_g = d_c i (1 - g^2)
///   da_o = d_h tanh(c') o (1 - o)
///
/// Returns the gradient of c, d_c f.
__device__ __forceinline__ float gradients_lstm(const GateSlots& slots, float c, float d_h,
                                                float d_c) {
  const float i = slots[gate_i];
  const float f = slots[gate_f];
  const float g = slots[gate_g];
  const float o = slots[gate_o];
  const float t = tanhf(slots[reserve_c]);
  const float d = d_c + d_h * o * (1.0F - t * t);
  slots[gate_i] = d * g * (i * (1.0F - i));
  slots[gate_f] = d * c * (f * (1.0F - f));
  slots[gate_g] = d * i * (1.0F - g * g);
  slots[gate_o] = d_h * t * (o * (1.0F - o));
  return d * f;
}

}  // namespace gru::cuda
