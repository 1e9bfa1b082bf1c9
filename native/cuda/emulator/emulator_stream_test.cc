#include <thread>

#include "emulator_testing.h"

/// Work runs when a caller waits for it, not before, in the order of streams and events.

using gru::testing::DeviceArray;
using gru::testing::Event;
using gru::testing::FreshEmulator;
using gru::testing::launch;
using gru::testing::Stream;

namespace {

/// Pinned values that the emulator's tests write and read directly.
class Pinned {
 public:
  explicit Pinned(float value) {
    GRU_CHECK_CUDA(cudaHostAlloc(&data_, sizeof(float), cudaHostAllocDefault));
    *data_ = value;
  }
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;
  ~Pinned() { cudaFreeHost(data_); }

  float& operator*() const { return *data_; }
  float* get() const { return data_; }

 private:
  float* data_ = nullptr;
};

cudaError_t upload(const DeviceArray<float>& to, const Pinned& from, const Stream& stream) {
  return cudaMemcpyAsync(to.data(), from.get(), sizeof(float), cudaMemcpyHostToDevice,
                         stream.handle);
}
cudaError_t download(const Pinned& to, const DeviceArray<float>& from, const Stream& stream) {
  return cudaMemcpyAsync(to.get(), from.data(), sizeof(float), cudaMemcpyDeviceToHost,
                         stream.handle);
}

}  // namespace

__global__ void add(float* to, float value) { *to += value; }

TEST_CASE("work waits until somebody waits for it") {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(1);
  const Pinned in(1);
  const Pinned out(-1);
  GRU_CHECK_CUDA(upload(memory, in, stream));
  GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 2.0f));
  GRU_CHECK_CUDA(download(out, memory, stream));
  CHECK(*out == -1);
  *in = 10;  // too early: the copy has not run
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  CHECK(*out == 12);
}

TEST_CASE("a kernel keeps the arguments it was launched with") {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(std::vector<float>{1});
  float* to = memory.data();
  float value = 5;
  void* arguments[] = {&to, &value};
  GRU_CHECK_CUDA(cudaLaunchKernel(add, dim3(1), dim3(1), arguments, 0, stream.handle));
  to = nullptr;
  value = 100;
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  CHECK(memory.values()[0] == 6);
}

TEST_CASE("pageable memory is read before the call returns") {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(1);
  float value = 3;
  GRU_CHECK_CUDA(cudaMemcpyAsync(memory.data(), &value, 4, cudaMemcpyHostToDevice, stream.handle));
  value = 4;
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  CHECK(memory.values()[0] == 3);
}

TEST_CASE("waiting for an event runs what came before it and no more") {
  const FreshEmulator fresh;
  const Stream stream;
  const Event event;
  const DeviceArray<float> memory(std::vector<float>{1});
  const Pinned first(0);
  const Pinned second(0);
  GRU_CHECK_CUDA(cudaEventQuery(event.handle));
  GRU_CHECK_CUDA(download(first, memory, stream));
  GRU_CHECK_CUDA(cudaEventRecord(event.handle, stream.handle));
  GRU_CHECK_CUDA(download(second, memory, stream));
  GRU_CHECK_CUDA(cudaEventSynchronize(event.handle));
  CHECK(*first == 1);
  CHECK(*second == 0);
  GRU_CHECK_CUDA(cudaDeviceSynchronize());
  CHECK(*second == 1);
}

TEST_CASE("a stream waits for the event of another") {
  const FreshEmulator fresh;
  const Stream one;
  const Stream two;
  const Event filled;
  const DeviceArray<float> memory(std::vector<float>{1});
  const Pinned out(0);
  GRU_CHECK_CUDA(launch({1, 1, 0, one.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(cudaEventRecord(filled.handle, one.handle));
  GRU_CHECK_CUDA(launch({1, 1, 0, one.handle}, add, memory.data(), 100.0f));
  GRU_CHECK_CUDA(cudaStreamWaitEvent(two.handle, filled.handle));
  GRU_CHECK_CUDA(download(out, memory, two));
  GRU_CHECK_CUDA(cudaStreamSynchronize(two.handle));
  CHECK(*out == 2);
}

TEST_CASE("without an event another stream's work has not run") {
  const FreshEmulator fresh;
  const Stream one;
  const Stream two;
  const DeviceArray<float> memory(std::vector<float>{1});
  const Pinned out(0);
  GRU_CHECK_CUDA(launch({1, 1, 0, one.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(download(out, memory, two));
  GRU_CHECK_CUDA(cudaStreamSynchronize(two.handle));
  CHECK(*out == 1);
}

TEST_CASE("the default stream keeps in step with blocking streams alone") {
  for (const bool blocking : {true, false}) {
    const FreshEmulator fresh;
    const Stream stream(blocking ? cudaStreamDefault : cudaStreamNonBlocking);
    const DeviceArray<float> memory(std::vector<float>{1});
    GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 1.0f));
    float got = 0;
    GRU_CHECK_CUDA(cudaMemcpy(&got, memory.data(), 4, cudaMemcpyDeviceToHost));
    CHECK(got == (blocking ? 2 : 1));
  }
}

TEST_CASE("asking again and again gets the work done") {
  const FreshEmulator fresh;
  const Stream stream;
  const Event event(cudaEventDefault);
  const Event later(cudaEventDefault);
  const DeviceArray<float> memory(std::vector<float>{1});
  float milliseconds = -1;
  GRU_CHECK_CUDA(cudaEventRecord(event.handle, stream.handle));
  GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(cudaEventRecord(later.handle, stream.handle));
  CHECK(cudaEventElapsedTime(&milliseconds, event.handle, later.handle) == cudaErrorNotReady);
  CHECK(cudaEventQuery(event.handle) == cudaErrorNotReady);
  CHECK(cudaEventQuery(event.handle) == cudaSuccess);
  CHECK(cudaStreamQuery(stream.handle) == cudaErrorNotReady);
  CHECK(cudaStreamQuery(stream.handle) == cudaErrorNotReady);
  CHECK(cudaStreamQuery(stream.handle) == cudaSuccess);
  CHECK(memory.values()[0] == 2);
  GRU_CHECK_CUDA(cudaEventElapsedTime(&milliseconds, event.handle, later.handle));
  CHECK(milliseconds >= 0);
}

TEST_CASE("freeing waits for the work that uses the memory") {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(std::vector<float>{1});
  float* more = nullptr;
  GRU_CHECK_CUDA(cudaMalloc(&more, 4));
  GRU_CHECK_CUDA(cudaMemcpyAsync(more, memory.data(), 4, cudaMemcpyDeviceToDevice, stream.handle));
  GRU_CHECK_CUDA(cudaMemcpyAsync(memory.data(), more, 4, cudaMemcpyDeviceToDevice, stream.handle));
  GRU_CHECK_CUDA(cudaFree(more));
  CHECK(memory.values()[0] == 1);
}

TEST_CASE("freeing in a stream's order waits for nothing and lets its work end first") {
  const FreshEmulator fresh;
  const Stream stream;
  const Stream other;
  const DeviceArray<float> memory(std::vector<float>{1});
  float* more = nullptr;
  GRU_CHECK_CUDA(cudaMallocAsync(&more, 4, stream.handle));
  GRU_CHECK_CUDA(launch({1, 1, 0, other.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(cudaMemcpyAsync(more, memory.data(), 4, cudaMemcpyDeviceToDevice, stream.handle));
  GRU_CHECK_CUDA(cudaFreeAsync(more, stream.handle));
  CHECK(cudaFreeAsync(more, stream.handle) == cudaErrorInvalidValue);
  CHECK(cudaMemsetAsync(more, 0, 4, stream.handle) == cudaErrorInvalidValue);
  CHECK(gru::emulator::counts().pending == 3);
  CHECK(gru::emulator::counts().allocations == 2);
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  CHECK(gru::emulator::counts().pending == 1);
  CHECK(gru::emulator::counts().allocations == 1);
  CHECK(cudaFreeAsync(more, stream.handle) == cudaErrorInvalidValue);
}

TEST_CASE("a lost device still gives back memory") {
  const FreshEmulator fresh;
  const Stream stream;
  void* memory = nullptr;
  GRU_CHECK_CUDA(cudaMallocAsync(&memory, 4, stream.handle));
  GRU_CHECK_CUDA(cudaFreeAsync(memory, stream.handle));
  gru::emulator::lose_device(0, cudaErrorIllegalAddress);
  gru::emulator::reset();
  CHECK(gru::emulator::counts().allocations == 0);
}

TEST_CASE("a stream has again what was freed before in it") {
  const FreshEmulator fresh;
  gru::emulator::Properties properties;
  properties.memory = 1000;
  gru::emulator::set_properties(properties);
  const Stream stream;
  void* first = nullptr;
  void* second = nullptr;
  GRU_CHECK_CUDA(cudaMallocAsync(&first, 600, stream.handle));
  CHECK(cudaMallocAsync(&second, 600, stream.handle) == cudaErrorMemoryAllocation);
  GRU_CHECK_CUDA(cudaFreeAsync(first, stream.handle));
  GRU_CHECK_CUDA(cudaMallocAsync(&second, 600, stream.handle));
  GRU_CHECK_CUDA(cudaFreeAsync(second, stream.handle));
}

TEST_CASE("a device without memory pools refuses to allocate from one") {
  const FreshEmulator fresh;
  gru::emulator::Properties properties;
  properties.memory_pools = false;
  gru::emulator::set_properties(properties);
  const Stream stream;
  void* memory = nullptr;
  CHECK(cudaMallocAsync(&memory, 4, stream.handle) == cudaErrorNotSupported);
}

TEST_CASE("handles that are gone are refused") {
  const FreshEmulator fresh;
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  GRU_CHECK_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  GRU_CHECK_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  CHECK(gru::emulator::counts().streams == 1);
  CHECK(gru::emulator::counts().events == 1);
  GRU_CHECK_CUDA(cudaStreamDestroy(stream));
  GRU_CHECK_CUDA(cudaEventDestroy(event));
  CHECK(gru::emulator::counts().streams == 0);
  CHECK(gru::emulator::counts().events == 0);
  CHECK(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  CHECK(cudaEventSynchronize(event) == cudaErrorInvalidResourceHandle);
  CHECK(cudaEventRecord(event) == cudaErrorInvalidResourceHandle);
}

TEST_CASE("two host threads run two streams that wait for each other") {
  const FreshEmulator fresh;
  const Stream streams[2];
  const DeviceArray<float> memory(std::vector<float>{0});
  std::vector<std::unique_ptr<Event>> events;
  for (int turn = 0; turn < 50; ++turn) {
    const Stream& stream = streams[turn % 2];
    if (turn > 0) GRU_CHECK_CUDA(cudaStreamWaitEvent(stream.handle, events.back()->handle));
    GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 1.0f));
    events.push_back(std::make_unique<Event>());
    GRU_CHECK_CUDA(cudaEventRecord(events.back()->handle, stream.handle));
  }
  cudaError_t other = cudaErrorUnknown;
  std::thread thread([&] { other = cudaStreamSynchronize(streams[0].handle); });
  GRU_CHECK_CUDA(cudaStreamSynchronize(streams[1].handle));
  thread.join();
  GRU_CHECK_CUDA(other);
  CHECK(memory.values()[0] == 50);
}
