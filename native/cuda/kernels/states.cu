#include "cuda/kernels/matrix.h"
#include "cuda/kernels/states.h"

namespace gru::cuda {

namespace {

__global__ void __launch_bounds__(plain_threads)
    final_state_kernel(Matrix<float> to, Walk walk, const std::int32_t* lengths) {
  for_each_element(to.rows, to.columns, [&](std::size_t i, std::size_t j) {
    const std::int32_t length = lengths[i];
    if (length == 0) {
      to.at(i, j) = walk.initial[i * walk.hidden + j];
      return;
    }
    const std::int32_t last = walk.reverse ? 0 : length - 1;
    const std::size_t row = static_cast<std::size_t>(walk.first[last]) + i;
    to.at(i, j) = walk.output[row * walk.output_stride + j];
  });
}

/// Blocks: y is the step.
__global__ void __launch_bounds__(plain_threads) states_before_kernel(Matrix<float> to, Walk walk) {
  for (unsigned s = blockIdx.y; s < walk.steps; s += gridDim.y) {
    const Step step = walk.step(s);
    for (unsigned row = blockIdx.x * blockDim.y + threadIdx.y; row < step.rows;
         row += gridDim.x * blockDim.y) {
      const float* state = step.state(row);
      for (std::size_t j = threadIdx.x; j < step.hidden; j += blockDim.x) {
        to.at(step.first_row + row, j) = state[j];
      }
    }
  }
}

struct Biases {
  const float* ih;  ///< both null, or neither
  const float* hh;

  __device__ float input(std::size_t i) const { return ih == nullptr ? 0.0F : ih[i]; }
  __device__ float hidden(std::size_t i) const { return hh == nullptr ? 0.0F : hh[i]; }
};

__global__ void __launch_bounds__(plain_threads)
    pack_biases_kernel(float* to, Biases from, std::size_t hidden, bool reset_after) {
  for_each_index(hidden, [&](std::size_t j) {
    const std::size_t n = gate_n * hidden + j;
    for (std::size_t gate = 0; gate < gate_n; ++gate) {
      const std::size_t i = gate * hidden + j;
      to[i] = from.input(i) + from.hidden(i);
    }
    to[n] = reset_after ? from.input(n) : from.input(n) + from.hidden(n);
    to[reserve_q * hidden + j] = reset_after ? from.hidden(n) : 0.0F;
  });
}

__global__ void __launch_bounds__(plain_threads)
    unpack_bias_gradients_kernel(float* bias_ih, float* bias_hh, const float* sums,
                                 std::size_t hidden, std::size_t candidate) {
  for_each_index(gate_count * hidden, [&](std::size_t i) {
    bias_ih[i] = sums[i];
    bias_hh[i] = i < gate_n * hidden ? sums[i] : sums[i - gate_n * hidden + candidate * hidden];
  });
}

}  // namespace

Status final_state(const Queue& queue, DeviceMatrix<float> to, const Walk& walk,
                   const std::int32_t* lengths) {
  return launch(queue, final_state_kernel, matrix_shape(to.rows(), to.columns()), to, walk,
                lengths);
}

Status states_before(const Queue& queue, DeviceMatrix<float> to, const Walk& walk) {
  constexpr std::size_t most_row_blocks = 64;
  LaunchShape shape = matrix_shape(to.rows(), to.columns());
  const auto height = std::size_t{shape.block.y};
  shape.grid =
      dim3(to_unsigned(std::min(parts_of(to.rows(), height * walk.steps), most_row_blocks)),
           std::min(walk.steps, 65535U));
  return launch(queue, states_before_kernel, shape, to, walk);
}

Status pack_biases(const Queue& queue, float* to, const RecurrentTensors<const float>& from,
                   std::size_t hidden, ResetGate reset) {
  return launch(queue, pack_biases_kernel, vector_shape(hidden), to,
                Biases{from.bias_ih.data(), from.bias_hh.data()}, hidden,
                reset == ResetGate::after);
}

Status unpack_bias_gradients(const Queue& queue, const RecurrentTensors<float>& to,
                             const float* sums, std::size_t hidden, ResetGate reset) {
  return launch(queue, unpack_bias_gradients_kernel, vector_shape(gate_count * hidden),
                to.bias_ih.data(), to.bias_hh.data(), sums, hidden,
                reset == ResetGate::after ? reserve_q : std::size_t{gate_n});
}

}  // namespace gru::cuda
