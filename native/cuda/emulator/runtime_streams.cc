#include <chrono>

#include "call.h"
#include "runtime_api.h"
#include "stream_handles.h"

struct CUevent_st {
  bool timed = false;
  gru::emulator::Ticket recorded;  // null stream: not recorded yet
  std::shared_ptr<std::chrono::steady_clock::time_point> when;
};

namespace gru::emulator {

std::shared_ptr<Stream> stream_of(cudaStream_t handle, Device& current) {
  if (handle == nullptr) return current.default_stream();
  const std::lock_guard lock(state().mutex());
  return state().streams.contains(handle) ? handle->stream : nullptr;
}

std::uint64_t enqueue_work(Stream& stream, std::function<void()> work) {
  Device& device = stream.device();
  const std::shared_ptr<Stream>& first = device.default_stream();
  if (&stream == first.get()) {
    for (const std::shared_ptr<Stream>& other : device.streams()) {
      if (other->blocking()) stream.enqueue_wait({other, other->queued()});
    }
  } else if (stream.blocking()) {
    stream.enqueue_wait({first, first->queued()});
  }
  return stream.enqueue(std::move(work));
}

namespace {

template <class Body>
cudaError_t call_event(const char* function, cudaEvent_t event, Body body) {
  return call_device(function, [&](Device&) -> cudaError_t {
    {
      const std::lock_guard lock(state().mutex());
      if (!state().events.contains(event)) return cudaErrorInvalidResourceHandle;
    }
    const cudaError_t error = body(*event);
    if (error != cudaSuccess || event->recorded.stream == nullptr) return error;
    return event->recorded.stream->device().lost();
  });
}

bool happened(const CUevent_st& event) {
  return event.recorded.stream == nullptr || event.recorded.stream->done(event.recorded.number);
}

}  // namespace
}  // namespace gru::emulator

using namespace gru::emulator;

cudaError_t cudaStreamCreateWithFlags(cudaStream_t* stream, unsigned flags) {
  return call_device("cudaStreamCreateWithFlags", [=](Device& device) {
    const bool blocking = (flags & cudaStreamNonBlocking) == 0;
    *stream = new CUstream_st{std::make_shared<Stream>(device, blocking)};
    device.add_stream((*stream)->stream);
    const std::lock_guard lock(state().mutex());
    state().streams.insert(*stream);
    return cudaSuccess;
  });
}

cudaError_t cudaStreamDestroy(cudaStream_t stream) {
  return call_release("cudaStreamDestroy", [=](Device&) {
    {
      const std::lock_guard lock(state().mutex());
      if (state().streams.erase(stream) == 0) return cudaErrorInvalidResourceHandle;
    }
    stream->stream->run_all();
    stream->stream->device().remove_stream(stream->stream);
    delete stream;
    return cudaSuccess;
  });
}

cudaError_t cudaStreamSynchronize(cudaStream_t stream) {
  return call_stream("cudaStreamSynchronize", stream, [](Stream& on) {
    on.run_all();
    return on.device().lost();
  });
}

cudaError_t cudaStreamQuery(cudaStream_t stream) {
  return call_stream("cudaStreamQuery", stream, [](Stream& on) {
    if (on.done(on.queued())) return cudaSuccess;
    on.run_one();
    return cudaErrorNotReady;
  });
}

cudaError_t cudaStreamWaitEvent(cudaStream_t stream, cudaEvent_t event, unsigned) {
  return call_stream("cudaStreamWaitEvent", stream, [=](Stream& on) {
    const std::lock_guard lock(state().mutex());
    if (!state().events.contains(event)) return cudaErrorInvalidResourceHandle;
    if (event->recorded.stream != nullptr) on.enqueue_wait(event->recorded);
    return cudaSuccess;
  });
}

cudaError_t cudaEventCreateWithFlags(cudaEvent_t* event, unsigned flags) {
  return call_device("cudaEventCreateWithFlags", [=](Device&) {
    *event = new CUevent_st;
    (*event)->timed = (flags & cudaEventDisableTiming) == 0;
    const std::lock_guard lock(state().mutex());
    state().events.insert(*event);
    return cudaSuccess;
  });
}

cudaError_t cudaEventDestroy(cudaEvent_t event) {
  return call_release("cudaEventDestroy", [=](Device&) {
    {
      const std::lock_guard lock(state().mutex());
      if (state().events.erase(event) == 0) return cudaErrorInvalidResourceHandle;
    }
    delete event;
    return cudaSuccess;
  });
}

cudaError_t cudaEventRecord(cudaEvent_t event, cudaStream_t stream) {
  return call_event("cudaEventRecord", event, [=](CUevent_st& record) {
    const std::shared_ptr<Stream> on = stream_of(stream, state().device(current_device()));
    if (on == nullptr) return cudaErrorInvalidResourceHandle;
    auto when = std::make_shared<std::chrono::steady_clock::time_point>();
    const std::uint64_t number =
        enqueue_work(*on, [when] { *when = std::chrono::steady_clock::now(); });
    record.recorded = {on, number};
    record.when = std::move(when);
    return cudaSuccess;
  });
}

cudaError_t cudaEventSynchronize(cudaEvent_t event) {
  return call_event("cudaEventSynchronize", event, [](const CUevent_st& record) {
    if (record.recorded.stream != nullptr)
      record.recorded.stream->run_until(record.recorded.number);
    return cudaSuccess;
  });
}

cudaError_t cudaEventQuery(cudaEvent_t event) {
  return call_event("cudaEventQuery", event, [](const CUevent_st& record) {
    if (happened(record)) return cudaSuccess;
    record.recorded.stream->run_one();
    return cudaErrorNotReady;
  });
}

cudaError_t cudaEventElapsedTime(float* milliseconds, cudaEvent_t start, cudaEvent_t end) {
  return call_event("cudaEventElapsedTime", start, [=](const CUevent_st& first) {
    if (!first.timed || !end->timed || first.when == nullptr || end->when == nullptr) {
      return cudaErrorInvalidResourceHandle;
    }
    if (!happened(first) || !happened(*end)) return cudaErrorNotReady;
    const std::chrono::duration<float, std::milli> time = *end->when - *first.when;
    return *milliseconds = time.count(), cudaSuccess;
  });
}
