#pragma once

#include <cuda_runtime.h>

/// A library that replaces cuBLAS. A test decides what it does.
namespace gru::testing {

struct FakeGemm {
  cudaStream_t stream;
  int transpose_a, transpose_b, m, n, k;
  const float* a;
  int lda;
  const float* b;
  int ldb;
  float beta;
  float* c;
  int ldc;
  int compute_type;
};

/// What the library does next, and what it has done.
struct FakeCublas {
  int create_status = 0;
  int gemm_status = 0;
  int created = 0;
  int destroyed = 0;
  void (*gemm)(const FakeGemm& call) = nullptr;
};

}  // namespace gru::testing
