#pragma once

#include <cuda_runtime.h>

#include "cuda/walk.h"

/// The cell, for one unit of one row at a time. All tiers finish their products with it.
///
///   r = sigmoid(a_r)   u = sigmoid(sign * a_z)   h' = n + u (h - n)
///   reset after,  n = tanh(W_n x + b_in + r q), q = U_n h + b_hn
///   reset before, n = tanh(W_n x + b_n + U_n (r h))
///
/// sign is 1, or -1 with UpdateGate::replace. Slots have W x + b before the step, and afterwards
/// what backward needs.
namespace gru::cuda {

__device__ __forceinline__ float sigmoid(float x) { return 1.0F / (1.0F + expf(-x)); }

/// W x + b of one unit. It is read before the products that are added to it.
struct GateInputs {
  float r;
  float z;
  float n;
};

__device__ __forceinline__ GateInputs read_inputs(const GateSlots& slots) {
  return {slots[gate_r], slots[gate_z], slots[gate_n]};
}

/// U h of the three gates, without biases.
struct StateSums {
  float r;
  float z;
  float n;
};

/// Returns h'.
__device__ __forceinline__ float finish_after(const GateSlots& slots, const GateInputs& inputs,
                                              const StateSums& sums, float bias_hn, float h,
                                              float sign) {
  const float r = sigmoid(inputs.r + sums.r);
  const float u = sigmoid(sign * (inputs.z + sums.z));
  const float q = sums.n + bias_hn;
  const float n = tanhf(inputs.n + r * q);
  slots[gate_r] = r;
  slots[gate_z] = u;
  slots[gate_n] = n;
  slots[reserve_q] = q;
  return n + u * (h - n);
}

/// The gates, if the reset gate acts before the product.
struct GatesBefore {
  float update;
  float reset_state;  ///< r h
};

__device__ __forceinline__ GatesBefore finish_gates_before(const GateSlots& slots,
                                                           const GateInputs& inputs, float sum_r,
                                                           float sum_z, float h, float sign) {
  const float r = sigmoid(inputs.r + sum_r);
  const float u = sigmoid(sign * (inputs.z + sum_z));
  slots[gate_r] = r;
  slots[gate_z] = u;
  slots[reserve_q] = r * h;
  return {u, r * h};
}

/// Returns h'. sum_n is U_n (r h).
__device__ __forceinline__ float finish_candidate_before(const GateSlots& slots, float input_n,
                                                         float sum_n, float u, float h) {
  const float n = tanhf(input_n + sum_n);
  slots[gate_n] = n;
  return n + u * (h - n);
}

/// Backward, with d_h the gradient of h':
///
///   du = d_h (h - n)   dn = d_h (1 - u)   dh = d_h u + ...
///   da_z = sign * du u (1 - u)            da_n = dn (1 - n^2)
///   reset after:  da_r = da_n q r (1 - r)      dq = da_n r
///   reset before: da_r = d(rh) h r (1 - r)     dh += d(rh) r,  d(rh) = da_n U_n
///
/// The slots of the gates receive the gradients of their inputs.

/// What the forward pass kept of one unit, and the state before it. It is read in advance.
struct KeptGates {
  float r;
  float u;
  float n;
  float q;  ///< with reset after
  float h;
};

__device__ __forceinline__ KeptGates read_kept(const GateSlots& slots, float h) {
  return {slots[gate_r], slots[gate_z], slots[gate_n], slots[reserve_q], h};
}

/// The gradients of the inputs of r, z and n and of q, and the term d_h u of dh.
struct GateGradients {
  float r;
  float z;
  float n;
  float q;
  float h;
};

__device__ __forceinline__ GateGradients gradients_after(const KeptGates& kept, float d_h,
                                                         float sign) {
  const float d_n = d_h * (1.0F - kept.u) * (1.0F - kept.n * kept.n);
  return {d_n * kept.q * (kept.r * (1.0F - kept.r)),
          sign * (d_h * (kept.h - kept.n) * (kept.u * (1.0F - kept.u))), d_n, d_n * kept.r,
          d_h * kept.u};
}

__device__ __forceinline__ void write_after(const GateSlots& slots,
                                            const GateGradients& gradients) {
  slots[gate_r] = gradients.r;
  slots[gate_z] = gradients.z;
  slots[gate_n] = gradients.n;
  slots[reserve_q] = gradients.q;
}

/// The same before the gradient of the reset gate is known.
struct GradientsBefore {
  float z;
  float n;
  float h;
};

__device__ __forceinline__ GradientsBefore gradients_before(const KeptGates& kept, float d_h,
                                                            float sign) {
  return {sign * (d_h * (kept.h - kept.n) * (kept.u * (1.0F - kept.u))),
          d_h * (1.0F - kept.u) * (1.0F - kept.n * kept.n), d_h * kept.u};
}

__device__ __forceinline__ void write_before(const GateSlots& slots,
                                             const GradientsBefore& gradients) {
  slots[gate_z] = gradients.z;
  slots[gate_n] = gradients.n;
}

/// Returns da_r; d_reset is d(r h).
__device__ __forceinline__ float reset_gradient(float r, float h, float d_reset) {
  return d_reset * h * (r * (1.0F - r));
}

}  // namespace gru::cuda
