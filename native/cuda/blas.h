#pragma once

#include <cuda_runtime.h>

#include <utility>

#include "base/status.h"
#include "cuda/kernels/product.h"

struct cublasContext;

namespace gru::cuda {

/// A value status where GRU_NATIVE_CUBLAS names a library that cannot be used.
Status check_named_cublas();

/// cuBLAS for one stream, where its library is there: it is opened at run time and not needed.
/// GRU_NATIVE_CUBLAS=off keeps it out; any other value is the library's path.
class Blas {
 public:
  Blas() = default;
  Blas(const Blas&) = delete;
  Blas& operator=(const Blas&) = delete;
  ~Blas();

  /// The product is worth the library, is one that it can compute, and the library is there. The
  /// first such product starts it, which takes memory on the device; a library that fails to start
  /// is not used.
  bool takes(const Product& product, cudaStream_t stream);
  Status multiply(const Product& product, Precision precision, int ordinal) const;

 private:
  void start(cudaStream_t stream);

  cublasContext* handle_ = nullptr;
  bool started_ = false;
};

}  // namespace gru::cuda
