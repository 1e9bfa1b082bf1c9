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

GRU_TEST(work_waits_until_somebody_waits_for_it) {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(1);
  const Pinned in(1);
  const Pinned out(-1);
  GRU_CHECK_CUDA(upload(memory, in, stream));
  GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 2.0f));
  GRU_CHECK_CUDA(download(out, memory, stream));
  GRU_CHECK(*out == -1);
  *in = 10;  // too early: the copy has not run
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  GRU_CHECK(*out == 12);
}

GRU_TEST(a_kernel_keeps_the_arguments_it_was_launched_with) {
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
  GRU_CHECK(memory.values()[0] == 6);
}

GRU_TEST(pageable_memory_is_read_before_the_call_returns) {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(1);
  float value = 3;
  GRU_CHECK_CUDA(cudaMemcpyAsync(memory.data(), &value, 4, cudaMemcpyHostToDevice, stream.handle));
  value = 4;
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  GRU_CHECK(memory.values()[0] == 3);
}

GRU_TEST(waiting_for_an_event_runs_what_came_before_it_and_no_more) {
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
  GRU_CHECK(*first == 1 && *second == 0);
  GRU_CHECK_CUDA(cudaDeviceSynchronize());
  GRU_CHECK(*second == 1);
}

GRU_TEST(a_stream_waits_for_the_event_of_another) {
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
  GRU_CHECK(*out == 2);
}

GRU_TEST(without_an_event_another_streams_work_has_not_run) {
  const FreshEmulator fresh;
  const Stream one;
  const Stream two;
  const DeviceArray<float> memory(std::vector<float>{1});
  const Pinned out(0);
  GRU_CHECK_CUDA(launch({1, 1, 0, one.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(download(out, memory, two));
  GRU_CHECK_CUDA(cudaStreamSynchronize(two.handle));
  GRU_CHECK(*out == 1);
}

GRU_TEST(the_default_stream_keeps_in_step_with_blocking_streams_alone) {
  for (const bool blocking : {true, false}) {
    const FreshEmulator fresh;
    const Stream stream(blocking ? cudaStreamDefault : cudaStreamNonBlocking);
    const DeviceArray<float> memory(std::vector<float>{1});
    GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 1.0f));
    float got = 0;
    GRU_CHECK_CUDA(cudaMemcpy(&got, memory.data(), 4, cudaMemcpyDeviceToHost));
    GRU_CHECK(got == (blocking ? 2 : 1));
  }
}

GRU_TEST(asking_again_and_again_gets_the_work_done) {
  const FreshEmulator fresh;
  const Stream stream;
  const Event event(cudaEventDefault);
  const Event later(cudaEventDefault);
  const DeviceArray<float> memory(std::vector<float>{1});
  float milliseconds = -1;
  GRU_CHECK_CUDA(cudaEventRecord(event.handle, stream.handle));
  GRU_CHECK_CUDA(launch({1, 1, 0, stream.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(cudaEventRecord(later.handle, stream.handle));
  GRU_CHECK(cudaEventElapsedTime(&milliseconds, event.handle, later.handle) == cudaErrorNotReady);
  GRU_CHECK(cudaEventQuery(event.handle) == cudaErrorNotReady);
  GRU_CHECK(cudaEventQuery(event.handle) == cudaSuccess);
  GRU_CHECK(cudaStreamQuery(stream.handle) == cudaErrorNotReady);
  GRU_CHECK(cudaStreamQuery(stream.handle) == cudaErrorNotReady);
  GRU_CHECK(cudaStreamQuery(stream.handle) == cudaSuccess);
  GRU_CHECK(memory.values()[0] == 2);
  GRU_CHECK_CUDA(cudaEventElapsedTime(&milliseconds, event.handle, later.handle));
  GRU_CHECK(milliseconds >= 0);
}

GRU_TEST(freeing_waits_for_the_work_that_uses_the_memory) {
  const FreshEmulator fresh;
  const Stream stream;
  const DeviceArray<float> memory(std::vector<float>{1});
  float* more = nullptr;
  GRU_CHECK_CUDA(cudaMalloc(&more, 4));
  GRU_CHECK_CUDA(cudaMemcpyAsync(more, memory.data(), 4, cudaMemcpyDeviceToDevice, stream.handle));
  GRU_CHECK_CUDA(cudaMemcpyAsync(memory.data(), more, 4, cudaMemcpyDeviceToDevice, stream.handle));
  GRU_CHECK_CUDA(cudaFree(more));
  GRU_CHECK(memory.values()[0] == 1);
}

GRU_TEST(freeing_in_a_streams_order_waits_for_nothing_and_lets_its_work_end_first) {
  const FreshEmulator fresh;
  const Stream stream;
  const Stream other;
  const DeviceArray<float> memory(std::vector<float>{1});
  float* more = nullptr;
  GRU_CHECK_CUDA(cudaMallocAsync(&more, 4, stream.handle));
  GRU_CHECK_CUDA(launch({1, 1, 0, other.handle}, add, memory.data(), 1.0f));
  GRU_CHECK_CUDA(cudaMemcpyAsync(more, memory.data(), 4, cudaMemcpyDeviceToDevice, stream.handle));
  GRU_CHECK_CUDA(cudaFreeAsync(more, stream.handle));
  GRU_CHECK(cudaFreeAsync(more, stream.handle) == cudaErrorInvalidValue);
  GRU_CHECK(cudaMemsetAsync(more, 0, 4, stream.handle) == cudaErrorInvalidValue);
  GRU_CHECK(gru::emulator::counts().pending == 3);
  GRU_CHECK(gru::emulator::counts().allocations == 2);
  GRU_CHECK_CUDA(cudaStreamSynchronize(stream.handle));
  GRU_CHECK(gru::emulator::counts().pending == 1);
  GRU_CHECK(gru::emulator::counts().allocations == 1);
  GRU_CHECK(cudaFreeAsync(more, stream.handle) == cudaErrorInvalidValue);
}

GRU_TEST(a_lost_device_still_gives_back_memory) {
  const FreshEmulator fresh;
  const Stream stream;
  void* memory = nullptr;
  GRU_CHECK_CUDA(cudaMallocAsync(&memory, 4, stream.handle));
  GRU_CHECK_CUDA(cudaFreeAsync(memory, stream.handle));
  gru::emulator::lose_device(0, cudaErrorIllegalAddress);
  gru::emulator::reset();
  GRU_CHECK(gru::emulator::counts().allocations == 0);
}

GRU_TEST(a_stream_has_again_what_was_freed_before_in_it) {
  const FreshEmulator fresh;
  gru::emulator::Properties properties;
  properties.memory = 1000;
  gru::emulator::set_properties(properties);
  const Stream stream;
  void* first = nullptr;
  void* second = nullptr;
  GRU_CHECK_CUDA(cudaMallocAsync(&first, 600, stream.handle));
  GRU_CHECK(cudaMallocAsync(&second, 600, stream.handle) == cudaErrorMemoryAllocation);
  GRU_CHECK_CUDA(cudaFreeAsync(first, stream.handle));
  GRU_CHECK_CUDA(cudaMallocAsync(&second, 600, stream.handle));
  GRU_CHECK_CUDA(cudaFreeAsync(second, stream.handle));
}

GRU_TEST(a_device_without_memory_pools_refuses_to_allocate_from_one) {
  const FreshEmulator fresh;
  gru::emulator::Properties properties;
  properties.memory_pools = false;
  gru::emulator::set_properties(properties);
  const Stream stream;
  void* memory = nullptr;
  GRU_CHECK(cudaMallocAsync(&memory, 4, stream.handle) == cudaErrorNotSupported);
}

GRU_TEST(handles_that_are_gone_are_refused) {
  const FreshEmulator fresh;
  cudaStream_t stream = nullptr;
  cudaEvent_t event = nullptr;
  GRU_CHECK_CUDA(cudaStreamCreateWithFlags(&stream, cudaStreamNonBlocking));
  GRU_CHECK_CUDA(cudaEventCreateWithFlags(&event, cudaEventDisableTiming));
  GRU_CHECK(gru::emulator::counts().streams == 1 && gru::emulator::counts().events == 1);
  GRU_CHECK_CUDA(cudaStreamDestroy(stream));
  GRU_CHECK_CUDA(cudaEventDestroy(event));
  GRU_CHECK(gru::emulator::counts().streams == 0 && gru::emulator::counts().events == 0);
  GRU_CHECK(cudaStreamSynchronize(stream) == cudaErrorInvalidResourceHandle);
  GRU_CHECK(cudaEventSynchronize(event) == cudaErrorInvalidResourceHandle);
  GRU_CHECK(cudaEventRecord(event) == cudaErrorInvalidResourceHandle);
}

GRU_TEST(two_host_threads_run_two_streams_that_wait_for_each_other) {
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
  GRU_CHECK(memory.values()[0] == 50);
}

GRU_TEST_MAIN
