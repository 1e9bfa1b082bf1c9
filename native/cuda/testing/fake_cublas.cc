#include "cuda/testing/fake_cublas.h"

namespace {

gru::testing::FakeCublas fake;

}  // namespace

struct cublasContext {
  cudaStream_t stream = nullptr;
};

#define GRU_EXPORT extern "C" __attribute__((visibility("default")))

GRU_EXPORT gru::testing::FakeCublas* gru_fake_cublas() { return &fake; }

GRU_EXPORT int cublasCreate_v2(cublasContext** handle) {
  if (fake.create_status != 0) return fake.create_status;
  ++fake.created;
  *handle = new cublasContext;
  return 0;
}

GRU_EXPORT int cublasDestroy_v2(cublasContext* handle) {
  ++fake.destroyed;
  delete handle;
  return 0;
}

GRU_EXPORT int cublasSetStream_v2(cublasContext* handle, cudaStream_t stream) {
  handle->stream = stream;
  return 0;
}

GRU_EXPORT int cublasGemmEx(cublasContext* handle, int transpose_a, int transpose_b, int m, int n,
                            int k, const void* alpha, const void* a, int a_type, int lda,
                            const void* b, int b_type, int ldb, const void* beta, void* c,
                            int c_type, int ldc, int compute_type, int algorithm) {
  if (fake.gemm_status != 0) return fake.gemm_status;
  const bool expected = a_type == 0 && b_type == 0 && c_type == 0 && algorithm == -1 &&
                        *static_cast<const float*>(alpha) == 1;
  if (!expected) return 7;  // CUBLAS_STATUS_INVALID_VALUE
  fake.gemm({handle->stream, transpose_a, transpose_b, m, n, k, static_cast<const float*>(a), lda,
             static_cast<const float*>(b), ldb, *static_cast<const float*>(beta),
             static_cast<float*>(c), ldc, compute_type});
  return 0;
}
