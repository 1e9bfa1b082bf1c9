#include "cuda/cuda_device.h"

#include <string>
#include <utility>

#include "cuda/blas.h"
#include "cuda/context.h"
#include "cuda/kernels/attention.h"
#include "cuda/kernels/layers.h"
#include "cuda/kernels/losses.h"
#include "cuda/kernels/memory.h"
#include "cuda/kernels/optimizers.h"
#include "cuda/large_product.h"
#include "cuda/linear_weights.h"
#include "cuda/recurrent_backward.h"
#include "cuda/recurrent_forward.h"

namespace gru::cuda {

namespace {

/// Compute capabilities, as 10 * major + minor: the lowest one that kernels are compiled for
/// (cmake/cuda-nvcc.cmake), and the lowest one with matrix instructions for TF32 and bfloat16.
constexpr int first_capability = 75;
constexpr int first_mma_capability = 80;

std::string capability_of(const Limits& limits) {
  return std::to_string(limits.compute_major) + "." + std::to_string(limits.compute_minor);
}

CudaRecurrentWeights& own(RecurrentWeights& weights) {
  return static_cast<CudaRecurrentWeights&>(weights);
}

CudaLinearWeights& own(LinearWeights& weights) { return static_cast<CudaLinearWeights&>(weights); }

class CudaDevice final : public Device {
 public:
  ~CudaDevice() override {
    if (!enter().is_ok() || cudaStreamSynchronize(stream()) != cudaSuccess) {
      static_cast<void>(cudaGetLastError());
    }
  }

  Status open(const DeviceOptions& options) {
    context_.ordinal = static_cast<int>(options.ordinal);
    context_.precision = options.precision;
    GRU_RETURN_IF_ERROR(forced_tier(context_.forced_tier));
    GRU_RETURN_IF_ERROR(check_named_cublas());
    GRU_RETURN_IF_ERROR(enter());
    GRU_RETURN_IF_ERROR(read_limits(context_.ordinal, context_.limits));
    GRU_RETURN_IF_ERROR(check_capability());
    return create(context_.stream, context_.ordinal);
  }

  Status allocate(std::size_t bytes, void*& memory) override {
    GRU_RETURN_IF_ERROR(enter());
    DeviceMemory made;
    GRU_RETURN_IF_ERROR(create(made, bytes, queue()));
    memory = made.release();
    return {};
  }

  void release(void* memory, std::size_t bytes) noexcept override {
    const DeviceMemory released(memory, bytes, queue());
    static_cast<void>(enter());
  }

  std::size_t held_bytes() const noexcept override {
    return context_.held + context_.staging.bytes();
  }

  void count_host_bytes(std::size_t before, std::size_t now) noexcept override {
    context_.held += now - before;
  }

  void release_scratch() noexcept override {
    static_cast<void>(enter());
    context_.sums = SumScratch();
    context_.parts = Scratch<double>();
    context_.products = ProductScratch();
    context_.recurrence = RecurrenceScratch();
  }

  bool shares_host_memory() const noexcept override { return false; }

  Status upload(DeviceSpan<float> to, std::span<const float> from) override {
    return upload_bytes(to.data(), from.data(), from.size_bytes());
  }

  Status upload(DeviceSpan<std::int32_t> to, std::span<const std::int32_t> from) override {
    return upload_bytes(to.data(), from.data(), from.size_bytes());
  }

  Status download(std::span<float> to, DeviceSpan<const float> from) override {
    return download_bytes(to.data(), from.data(), to.size_bytes());
  }

  Status download(StepMetrics& to, DeviceSpan<const StepMetrics> from) override {
    return download_bytes(&to, from.data(), sizeof to);
  }

  Status fill(DeviceMatrix<float> to, float value) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::fill(queue(), to, value);
  }

  Status copy(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::copy(queue(), to, from);
  }

  Status add(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::add(queue(), to, from);
  }

  Status gather_rows(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                     DeviceSpan<const std::int32_t> index) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::gather_rows(queue(), to, from, index);
  }

  Status gather_rows(DeviceSpan<std::int32_t> to, DeviceSpan<const std::int32_t> from,
                     DeviceSpan<const std::int32_t> index) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::gather_rows(queue(), to, from, index);
  }

  Status create_recurrent_weights(const RecurrentShape& shape,
                                  std::unique_ptr<RecurrentWeights>& weights) override {
    GRU_RETURN_IF_ERROR(enter());
    Tiers tiers;
    GRU_RETURN_IF_ERROR(choose_tiers(shape, context_.limits, queue(), context_.forced_tier, tiers));
    weights = std::make_unique<CudaRecurrentWeights>(shape, tiers, context_.ordinal);
    return {};
  }

  Status load_recurrent_weights(RecurrentWeights& weights,
                                const RecurrentTensors<const float>& from) override {
    GRU_RETURN_IF_ERROR(enter());
    return own(weights).load(from, queue());
  }

  Status recurrent_forward(RecurrentWeights& weights, const RecurrentForward& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::recurrent_forward(context_, own(weights), call);
  }

  Status recurrent_backward(RecurrentWeights& weights, const RecurrentBackward& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::recurrent_backward(context_, own(weights), call);
  }

  Status gemm(const Gemm& product) override {
    GRU_RETURN_IF_ERROR(enter());
    return multiply_for_engine(context_, Product{product, {}});
  }

  Status create_linear_weights(std::unique_ptr<LinearWeights>& weights) override {
    weights = std::make_unique<CudaLinearWeights>();
    return {};
  }

  Status load_linear_weights(LinearWeights& weights, DeviceMatrix<const float> from) override {
    own(weights).weight = from;
    return {};
  }

  Status linear_forward(LinearWeights& weights, const LinearForward& call) override {
    return gemm(own(weights).product_of(call));
  }

  Status column_sums(DeviceSpan<float> to, DeviceMatrix<const float> from) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::column_sums(queue(), context_.sums, to, from);
  }

  Status embedding_backward(DeviceMatrix<float> table_gradient,
                            DeviceSpan<const std::int32_t> tokens,
                            DeviceMatrix<const float> d_output) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::embedding_backward(queue(), context_.sums, table_gradient, tokens, d_output);
  }

  Status dropout(DeviceMatrix<float> to, DeviceMatrix<const float> from, const DropoutMask& mask,
                 DeviceSpan<const std::int32_t> number) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::dropout(queue(), to, from, mask, number);
  }

  Status activate(DeviceMatrix<float> values, Activation activation) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::activate(queue(), values, activation);
  }

  Status activate_backward(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                           DeviceMatrix<const float> values, Activation activation) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::activate_backward(queue(), to, from, values, activation);
  }

  Status layer_norm_forward(const LayerNormForward& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::layer_norm_forward(queue(), call);
  }

  Status layer_norm_backward(const LayerNormBackward& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::layer_norm_backward(queue(), call);
  }

  Status sequence_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                        const SequenceRows& rows) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::sequence_means(queue(), to, from, rows);
  }

  Status spread_means(DeviceMatrix<float> to, DeviceMatrix<const float> from,
                      const SequenceRows& rows) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::spread_means(queue(), to, from, rows);
  }

  Status attention_forward(const AttentionForward& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::attention_forward(queue(), call);
  }

  Status attention_backward(const AttentionBackward& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::attention_backward(queue(), call);
  }

  Status cross_entropy(const CrossEntropyCall& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::cross_entropy(queue(), context_.parts, call);
  }

  Status value_loss(const ValueLossCall& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::value_loss(queue(), context_.parts, call);
  }

  Status ctc(const CtcCall& call) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::ctc(queue(), context_.parts, call);
  }

  Status gradient_norm(DeviceSpan<const float> gradients,
                       DeviceSpan<StepMetrics> metrics) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::gradient_norm(queue(), context_.parts, gradients, metrics.data());
  }

  Status clip_norm(DeviceSpan<float> gradients, DeviceSpan<const StepMetrics> metrics,
                   double limit) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::clip_norm(queue(), gradients, metrics.data(), limit);
  }

  Status clip_value(DeviceSpan<float> gradients, double limit) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::clip_value(queue(), gradients, limit);
  }

  Status optimizer_update(const OptimizerUpdate& update) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::optimizer_update(queue(), update);
  }

  Status lerp(DeviceSpan<float> to, DeviceSpan<const float> from, double weight) override {
    GRU_RETURN_IF_ERROR(enter());
    return cuda::lerp(queue(), to, from, weight);
  }

 private:
  /// Called before every operation, since the calling thread may have used another device, or none.
  Status enter() const {
    GRU_RETURN_IF_ERROR(check_alive(context_.ordinal));
    GRU_RETURN_IF_CUDA_ERROR(context_.ordinal, cudaSetDevice(context_.ordinal));
    return {};
  }

  Status check_capability() const {
    const Limits& limits = context_.limits;
    const int capability = 10 * limits.compute_major + limits.compute_minor;
    const std::string device = "cuda:" + std::to_string(context_.ordinal);
    if (capability < first_capability) {
      return Status::device(device + ": expected compute capability 7.5 or later, got " +
                            capability_of(limits) + "; use device 'cpu'");
    }
    if (context_.precision == Precision::float32 || capability >= first_mma_capability) return {};
    const char* const given = context_.precision == Precision::tf32 ? "'tf32'" : "'bfloat16'";
    return Status::value("precision: expected 'float32' on " + device +
                         ", whose compute capability " + capability_of(limits) +
                         " is before 8.0, got " + given);
  }

  Status upload_bytes(void* to, const void* from, std::size_t bytes) {
    GRU_RETURN_IF_ERROR(enter());
    return context_.staging.upload(to, from, bytes, stream(), context_.ordinal);
  }

  Status download_bytes(void* to, const void* from, std::size_t bytes) {
    GRU_RETURN_IF_ERROR(enter());
    if (bytes > 0) {
      GRU_RETURN_IF_CUDA_ERROR(context_.ordinal,
                               cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream()));
    }
    GRU_RETURN_IF_CUDA_ERROR(context_.ordinal, cudaStreamSynchronize(stream()));
    return {};
  }

  cudaStream_t stream() const { return context_.stream.get(); }
  Queue queue() const { return context_.queue(); }

  Context context_;
};

/// The runtime reports the same error for a driver that is too old and for no driver.
Status check_driver() {
  int version = 0;
  GRU_RETURN_IF_CUDA_ERROR(no_device, cudaDriverGetVersion(&version));
  return version != 0
             ? Status()
             : Status::device("cuda: there is no NVIDIA driver: install one, or use device 'cpu'");
}

/// The runtime's ordinals are ints. A larger number must not become the ordinal of another device.
Status check_ordinal(std::size_t ordinal) {
  return std::in_range<int>(ordinal)
             ? Status()
             : Status::device("cuda:" + std::to_string(ordinal) +
                              ": there is no such device: name a device that is there");
}

}  // namespace

Status list_devices(std::vector<DeviceInfo>& devices) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_driver());
    int count = 0;
    GRU_RETURN_IF_CUDA_ERROR(no_device, cudaGetDeviceCount(&count));
    std::vector<DeviceInfo> found;
    for (int ordinal = 0; ordinal < count; ++ordinal) {
      cudaDeviceProp properties;
      GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaGetDeviceProperties(&properties, ordinal));
      found.push_back({properties.name, properties.totalGlobalMem, properties.major,
                       properties.minor, properties.multiProcessorCount});
    }
    devices = std::move(found);
    return {};
  });
}

Status create_device(const DeviceOptions& options, std::unique_ptr<Device>& device) noexcept {
  return guarded([&]() -> Status {
    GRU_RETURN_IF_ERROR(check_ordinal(options.ordinal));
    GRU_RETURN_IF_ERROR(check_driver());
    auto made = std::make_unique<CudaDevice>();
    GRU_RETURN_IF_ERROR(made->open(options));
    device = std::move(made);
    return {};
  });
}

}  // namespace gru::cuda
