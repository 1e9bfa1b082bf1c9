#include "cuda/blas.h"

#include <dlfcn.h>

#include <algorithm>
#include <cstdlib>
#include <limits>
#include <string>
#include <utility>

/// The parts of cublas_v2.h that are used. They are declared here, so that the build needs no
/// header of cuBLAS.
extern "C" {
using CublasCreate = int(cublasContext**);
using CublasDestroy = int(cublasContext*);
using CublasSetStream = int(cublasContext*, cudaStream_t);
using CublasGemmEx = int(cublasContext*, int transpose_a, int transpose_b, int m, int n, int k,
                         const void* alpha, const void* a, int a_type, int lda, const void* b,
                         int b_type, int ldb, const void* beta, void* c, int c_type, int ldc,
                         int compute_type, int algorithm);
}

namespace gru::cuda {

namespace {

constexpr int cublas_success = 0;
constexpr int op_n = 0;
constexpr int op_t = 1;
constexpr int type_float = 0;          // CUDA_R_32F
constexpr int compute_float32 = 68;    // CUBLAS_COMPUTE_32F
constexpr int compute_bfloat16 = 75;   // CUBLAS_COMPUTE_32F_FAST_16BF
constexpr int compute_tf32 = 77;       // CUBLAS_COMPUTE_32F_FAST_TF32
constexpr int default_algorithm = -1;  // CUBLAS_GEMM_DEFAULT

/// Products with fewer operations are too small for the library's overhead.
constexpr double least_operations = 1e7;

constexpr const char* variable = "GRU_NATIVE_CUBLAS";

/// The library that the environment names, or "off", or an empty string.
std::string named_library() {
  const char* const given = std::getenv(variable);
  return given == nullptr ? "" : given;
}

struct Library {
  std::string fault;  ///< why the named library cannot be used
  CublasCreate* create = nullptr;
  CublasDestroy* destroy = nullptr;
  CublasSetStream* set_stream = nullptr;
  CublasGemmEx* gemm = nullptr;

  bool is_whole() const {
    return create != nullptr && destroy != nullptr && set_stream != nullptr && gemm != nullptr;
  }
};

void* open_library() {
  const std::string named = named_library();
  if (named == "off") return nullptr;
  if (!named.empty()) return dlopen(named.c_str(), RTLD_NOW | RTLD_LOCAL);
  for (const char* name : {"libcublas.so.13", "libcublas.so.12", "libcublas.so.11"}) {
    if (void* opened = dlopen(name, RTLD_NOW | RTLD_LOCAL)) return opened;
  }
  return nullptr;
}

template <class Function>
void find(void* library, const char* name, Function*& function) {
  function = reinterpret_cast<Function*>(dlsym(library, name));
}

Library load_library() {
  Library library;
  void* const opened = open_library();
  if (opened == nullptr) {
    const char* const reason = dlerror();
    library.fault = reason == nullptr ? "it does not open" : reason;
  } else {
    library.fault = "it lacks functions of cuBLAS";
    find(opened, "cublasCreate_v2", library.create);
    find(opened, "cublasDestroy_v2", library.destroy);
    find(opened, "cublasSetStream_v2", library.set_stream);
    find(opened, "cublasGemmEx", library.gemm);
  }
  return library.is_whole() ? library : Library{.fault = library.fault};
}

/// The library is never closed: it may own threads and devices' memory until the process ends.
const Library& library() {
  static const Library loaded = load_library();
  return loaded;
}

int compute_type(Precision precision) {
  switch (precision) {
    case Precision::tf32:
      return compute_tf32;
    case Precision::bfloat16:
      return compute_bfloat16;
    case Precision::float32:
      break;
  }
  return compute_float32;
}

bool is_int(std::size_t size) {
  return size <= static_cast<std::size_t>(std::numeric_limits<int>::max());
}

int to_int(std::size_t size) { return static_cast<int>(size); }
int operation(Transpose transpose) { return transpose == Transpose::yes ? op_t : op_n; }

/// A part of a product whose columns have no gap: some rows of c.
struct Part {
  const float* a;
  float* c;
  std::size_t rows;
};

/// A row-major c = a b is c^T = b^T a^T if it is read column-major.
int call(cublasContext* handle, const Product& product, const Part& part, int compute) {
  if (part.rows == 0) return cublas_success;
  const float one = 1;
  const float kept = product.accumulate ? 1.0F : 0.0F;
  return library().gemm(handle, operation(product.transpose_b), operation(product.transpose_a),
                        to_int(product.c.columns()), to_int(part.rows), to_int(product.depth()),
                        &one, product.b.data(), type_float, to_int(product.b.stride()), part.a,
                        type_float, to_int(product.a.stride()), &kept, part.c, type_float,
                        to_int(product.c.stride()), compute, default_algorithm);
}

bool is_worth_it(const Product& product) {
  return 2.0 * static_cast<double>(product.c.rows()) * static_cast<double>(product.c.columns()) *
             static_cast<double>(product.depth()) >=
         least_operations;
}

bool is_possible(const Product& product) {
  const bool has_gap = product.gap.skipped > 0;
  return product.bias.empty() && (!has_gap || product.transpose_a == Transpose::yes) &&
         is_int(product.depth()) && is_int(product.c.rows()) && is_int(product.a.stride()) &&
         is_int(product.b.stride()) && is_int(product.c.stride());
}

}  // namespace

Status check_named_cublas() {
  const std::string named = named_library();
  if (named.empty() || named == "off" || library().is_whole()) return {};
  return Status::value(std::string(variable) +
                       ": expected 'off' or the path of a cuBLAS library, got '" + named +
                       "': " + library().fault);
}

Blas::~Blas() {
  if (handle_ != nullptr) library().destroy(handle_);
}

void Blas::start(cudaStream_t stream) {
  started_ = true;
  if (library().create == nullptr) return;
  if (library().create(&handle_) != cublas_success) {
    handle_ = nullptr;
  } else if (library().set_stream(handle_, stream) != cublas_success) {
    library().destroy(std::exchange(handle_, nullptr));
  }
  // This error belongs to the failed start, not to the next call.
  if (handle_ == nullptr) static_cast<void>(cudaGetLastError());
}

bool Blas::takes(const Product& product, cudaStream_t stream) {
  if (!is_worth_it(product) || !is_possible(product)) return false;
  if (!started_) start(stream);
  return handle_ != nullptr;
}

Status Blas::multiply(const Product& product, Precision precision, int ordinal) const {
  const std::size_t rows = product.c.rows();
  const std::size_t before =
      product.gap.skipped > 0 ? std::min<std::size_t>(product.gap.first, rows) : rows;
  const Part parts[] = {{product.a.data(), product.c.data(), before},
                        {product.a.data() + before + product.gap.skipped,
                         product.c.data() + before * product.c.stride(), rows - before}};
  for (const Part& part : parts) {
    const int status = call(handle_, product, part, compute_type(precision));
    if (status == cublas_success) continue;
    GRU_RETURN_IF_CUDA_ERROR(ordinal, cudaGetLastError());
    return Status::device("cublasGemmEx failed on cuda:" + std::to_string(ordinal) +
                          " with status " + std::to_string(status) +
                          "; GRU_NATIVE_CUBLAS=off computes without it");
  }
  return {};
}

}  // namespace gru::cuda
