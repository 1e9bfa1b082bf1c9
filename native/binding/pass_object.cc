#include "binding/pass_object.h"

#include "binding/abort_object.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// The positions of arguments that only one form of backward has, or that differ between the forms.
constexpr std::size_t abort_argument = 5;
constexpr std::size_t sync_cells = 5;
constexpr std::size_t promise_cells = 6;

/// Reads the arguments of both forms of backward in place. If there is a cell state, its arguments
/// begin at `cells`.
RecurrentGradientCall read_call(const Arguments& arguments, const KeptPass& kept,
                                std::size_t cells) {
  const napi_env env = arguments.env();
  const RowMap& map = kept.pass->rows.map();
  const LayerShapes shapes = shapes_of(kept.layer->options(), map.steps(), map.batch());
  const Shape parameters = shape_of(kept.layer->layout());
  RecurrentGradientCall call;
  call.d_output = read_optional_tensor<const float>(env, arguments[0], "output", shapes.output);
  call.d_state = read_optional_tensor<const float>(env, arguments[1], "state", shapes.state);
  call.d_input = read_tensor<float>(env, arguments[2], "input", shapes.input);
  call.d_initial_state = read_tensor<float>(env, arguments[3], "initialState", shapes.state);
  call.parameters = read_tensor<float>(env, arguments[4], "parameters", parameters);
  if (kept.layer->options().spec().states == 1) return call;
  call.d_cell = read_optional_tensor<const float>(env, arguments[cells], "cell", shapes.state);
  call.d_initial_cell = read_tensor<float>(env, arguments[cells + 1], "initialCell", shapes.state);
  return call;
}

/// Makes a job for `call`, and moves the call's arrays to the job's own memory.
std::unique_ptr<PromiseJob> create_job(const Arguments& arguments, const SharedLayer& layer,
                                       RecurrentGradientCall& call) {
  const napi_env env = arguments.env();
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "pass.backward", layer.queue(),
                                          read_abort(arguments, arguments[abort_argument]));
  call.d_output = job->arrays.copy(call.d_output);
  call.d_state = job->arrays.copy(call.d_state);
  call.d_cell = job->arrays.copy(call.d_cell);
  call.d_input = job->arrays.output(env, arguments[2], call.d_input, "input");
  call.d_initial_state =
      job->arrays.output(env, arguments[3], call.d_initial_state, "initialState");
  if (!call.d_initial_cell.empty()) {
    call.d_initial_cell =
        job->arrays.output(env, arguments[promise_cells + 1], call.d_initial_cell, "initialCell");
  }
  call.parameters = job->arrays.output(env, arguments[4], call.parameters, "parameters");
  call.abort = &job->abort_flag();
  return job;
}

}  // namespace

napi_value PassObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&PassObject::backward_sync>("backwardSync"),
      promise_method<&PassObject::backward>("backward"),
      method<&PassObject::memory>("memory"),
      method<&PassObject::dispose>("dispose"),
  };
  return define_class<PassObject>(surface, members);
}

std::unique_ptr<PassObject> PassObject::construct(Arguments& arguments) {
  std::unique_ptr<PassObject> pass = arguments.surface().take_new_pass();
  if (!pass) refuse_type("NativePass", "forwardTraining to make it", "a call with new");
  return pass;
}

const std::shared_ptr<KeptPass>& PassObject::kept() const {
  const std::shared_ptr<KeptPass>& found = kept_.object();
  if (!found) {
    throw Failure{"ERR_GRU_DISPOSED",
                  "pass: expected one in use, got one that backward used up or that was disposed"};
  }
  return found;
}

std::shared_ptr<KeptPass> PassObject::take() {
  std::shared_ptr<KeptPass> taken = kept();
  kept_.release();
  return taken;
}

napi_value PassObject::backward_sync(Arguments& arguments) {
  const KeptPass& kept = *this->kept();
  const auto layer =
      kept_.shared().idle_object(arguments.env(), "pass.backwardSync",
                                 "await it, or call pass.backward, which waits for its turn");
  const RecurrentGradientCall call = read_call(arguments, kept, sync_cells);
  check(layer->backward(*take()->pass, call));
  return nullptr;
}

napi_value PassObject::backward(Arguments& arguments) {
  RecurrentGradientCall call = read_call(arguments, *kept(), promise_cells);
  std::unique_ptr<PromiseJob> job = create_job(arguments, kept_.shared(), call);
  job->work = [kept = take(), call] { return kept->layer->backward(*kept->pass, call); };
  return kept_.shared().start(std::move(job));
}

napi_value PassObject::memory(Arguments& arguments) {
  return make_pass_memory(arguments.env(), kept()->held_bytes(), kept()->pass->input_bytes());
}

napi_value PassObject::dispose(Arguments&) {
  kept_.release();
  return nullptr;
}

napi_value create_pass(Surface& surface, std::shared_ptr<SharedLayer> layer, Owned<KeptPass> kept) {
  return surface.create_pass(std::make_unique<PassObject>(std::move(layer), std::move(kept)));
}

}  // namespace gru::binding
