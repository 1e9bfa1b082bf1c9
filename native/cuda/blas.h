#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "base/status.h"
#include "cuda/kernels/product.h"

struct cublasContext;

namespace gru::cuda {

/// Fails with a value status if GRU_NATIVE_CUBLAS names a library that cannot be used.
Status check_named_cublas();

/// cuBLAS for one stream. The library is opened at run time if it exists; it is not required.
/// GRU_NATIVE_CUBLAS=off disables it; any other value is the library's path.
class Blas {
 public:
  Blas() = default;
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas();

  /// Whether the library computes this product: the product is large enough and of a supported
  /// form, and the library exists. The first such product starts the library, which takes memory on
  /// the device. A library that fails to start is not used.
  bool takes(const Product& product, cudaStream_t stream);
  Status multiply(const Product& product, Precision precision, int ordinal) const;

 private:
  void start(cudaStream_t stream);

  cublasContext* handle_ = nullptr;
  bool started_ = false;
};

}  // namespace gru::cuda
