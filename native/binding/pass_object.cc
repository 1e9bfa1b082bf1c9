#include "binding/pass_object.h"

#include "binding/abort_object.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// The arguments of both forms of backward, in place.
GruGradientCall read_call(const Arguments& arguments) {
  const napi_env env = arguments.env();
  GruGradientCall call;
  call.d_output = read_optional_array<float>(env, arguments[0], "dOutput");
  call.d_state = read_optional_array<float>(env, arguments[1], "dState");
  call.d_input = read_array<float>(env, arguments[2], "dInput");
  call.d_initial_state = read_array<float>(env, arguments[3], "dInitialState");
  call.parameters = read_array<float>(env, arguments[4], "dParameters");
  return call;
}

/// A job for `call`, which from then on lies in the job's own memory.
std::unique_ptr<PromiseJob> create_job(const Arguments& arguments, const SharedGru& gru,
                                       GruGradientCall& call) {
  const napi_env env = arguments.env();
  auto job = std::make_unique<PromiseJob>(Environment::of(env), "pass.backward", gru.queue(),
                                          read_abort(env, arguments[5]));
  call.d_output = job->arrays.copy(call.d_output);
  call.d_state = job->arrays.copy(call.d_state);
  call.d_input = job->arrays.output(env, arguments[2], call.d_input, "dInput");
  call.d_initial_state =
      job->arrays.output(env, arguments[3], call.d_initial_state, "dInitialState");
  call.parameters = job->arrays.output(env, arguments[4], call.parameters, "dParameters");
  call.abort = &job->abort_flag();
  return job;
}

}  // namespace

napi_value PassObject::define(napi_env env) {
  const napi_property_descriptor members[] = {
      method<&PassObject::backward_sync>("backwardSync"),
      promise_method<&PassObject::backward>("backward"),
      method<&PassObject::dispose>("dispose"),
  };
  return define_class<PassObject>(env, members);
}

std::unique_ptr<PassObject> PassObject::construct(Arguments& arguments) {
  std::unique_ptr<PassObject> pass = Environment::of(arguments.env()).take_new_pass();
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
  kept();
  const auto layer = kept_.shared().idle_object(
      arguments.env(), "pass.backwardSync",
      "await it, or call pass.backward, which waits for its turn");
  const GruGradientCall call = read_call(arguments);
  check(layer->backward(*take()->pass, call));
  return nullptr;
}

napi_value PassObject::backward(Arguments& arguments) {
  kept();
  GruGradientCall call = read_call(arguments);
  std::unique_ptr<PromiseJob> job = create_job(arguments, kept_.shared(), call);
  job->work = [kept = take(), call] { return kept->layer->backward(*kept->pass, call); };
  return kept_.shared().start(Environment::of(arguments.env()), std::move(job));
}

napi_value PassObject::dispose(Arguments&) {
  kept_.release();
  return nullptr;
}

napi_value create_pass(Environment& environment, std::shared_ptr<SharedGru> gru,
                       Owned<KeptPass> kept) {
  return environment.create_pass(std::make_unique<PassObject>(std::move(gru), std::move(kept)));
}

}  // namespace gru::binding
