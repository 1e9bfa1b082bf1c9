#include "binding/gru_object.h"

#include "binding/abort_object.h"
#include "binding/devices.h"
#include "binding/options.h"
#include "binding/pass_object.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// The arguments of all forms of forward, in place.
RecurrentCall read_call(const Arguments& arguments, const RecurrentOptions& options) {
  const napi_env env = arguments.env();
  RecurrentCall call;
  call.shape = read_batch_shape(arguments);
  const GruShapes shapes = shapes_of(options, call.shape.steps, call.shape.batch);
  call.input = read_tensor<float>(env, arguments[3], "input", shapes.input);
  call.initial_state = read_optional_tensor<float>(env, arguments[4], "initialState", shapes.state);
  call.output = read_tensor<float>(env, arguments[5], "output", shapes.output);
  call.state = read_tensor<float>(env, arguments[6], "state", shapes.state);
  return call;
}

/// A job for `call`, which from then on lies in the job's own memory.
std::unique_ptr<PromiseJob> create_job(const Arguments& arguments, const char* name,
                                       const SharedGru& gru, RecurrentCall& call) {
  const napi_env env = arguments.env();
  auto job = std::make_unique<PromiseJob>(arguments.surface(), name, gru.queue(),
                                          read_abort(arguments, arguments[7]));
  call.shape.lengths = job->arrays.copy(call.shape.lengths);
  call.input = job->arrays.copy(call.input);
  call.initial_state = job->arrays.copy(call.initial_state);
  call.output = job->arrays.output(env, arguments[5], call.output, "output");
  call.state = job->arrays.output(env, arguments[6], call.state, "state");
  call.abort = &job->abort_flag();
  return job;
}

}  // namespace

napi_value GruObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      getter<&GruObject::device>("device"),
      getter<&GruObject::parameter_count>("parameterCount"),
      method<&GruObject::parameter_specs>("parameterSpecs"),
      method<&GruObject::read_parameters>("readParameters"),
      method<&GruObject::write_parameters>("writeParameters"),
      method<&GruObject::forward_sync>("forwardSync"),
      promise_method<&GruObject::forward>("forward"),
      method<&GruObject::forward_training_sync>("forwardTrainingSync"),
      promise_method<&GruObject::forward_training>("forwardTraining"),
      method<&GruObject::dispose>("dispose"),
  };
  return define_class<GruObject>(surface, members);
}

std::unique_ptr<GruObject> GruObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  const RecurrentOptions options = read_gru_options(Napi::Value(env, arguments[0]));
  const std::uint64_t seed = read_integer(env, arguments[1], "seed", 0, max_safe_integer);
  ChosenDevice chosen;
  check(create_device(read_device_request(Napi::Value(env, arguments[2])), chosen));
  std::unique_ptr<RecurrentModule> layer;
  check(RecurrentModule::create(options, std::move(chosen.device), seed, layer));
  return std::make_unique<GruObject>(
      std::make_shared<SharedGru>(env, "gru", std::move(chosen.name), std::move(layer)));
}

napi_value GruObject::forward_sync(Arguments& arguments) {
  const auto layer = gru_->idle_object(arguments.env(), "gru.forwardSync",
                                       "await it, or call gru.forward, which waits for its turn");
  check(layer->forward(read_call(arguments, layer->options())));
  return nullptr;
}

napi_value GruObject::forward(Arguments& arguments) {
  const std::shared_ptr<RecurrentModule> layer = gru_->object();
  RecurrentCall call = read_call(arguments, layer->options());
  std::unique_ptr<PromiseJob> job = create_job(arguments, "gru.forward", *gru_, call);
  job->work = [layer, call] { return layer->forward(call); };
  return gru_->start(std::move(job));
}

napi_value GruObject::forward_training_sync(Arguments& arguments) {
  const auto layer =
      gru_->idle_object(arguments.env(), "gru.forwardTrainingSync",
                        "await it, or call gru.forwardTraining, which waits for its turn");
  const auto kept = std::make_shared<KeptPass>(KeptPass{gru_->object(), nullptr});
  const RecurrentCall call = read_call(arguments, layer->options());
  check(layer->forward_training(call, kept->pass));
  return create_pass(arguments.surface(), gru_, {gru_->queue(), kept});
}

napi_value GruObject::forward_training(Arguments& arguments) {
  const auto kept = std::make_shared<KeptPass>(KeptPass{gru_->object(), nullptr});
  RecurrentCall call = read_call(arguments, kept->layer->options());
  std::unique_ptr<PromiseJob> job = create_job(arguments, "gru.forwardTraining", *gru_, call);
  job->work = [kept, call] { return kept->layer->forward_training(call, kept->pass); };
  const auto owned = std::make_shared<Owned<KeptPass>>(gru_->queue(), kept);
  job->result = [gru = gru_, owned](Surface& surface) {
    return create_pass(surface, gru, std::move(*owned));
  };
  return gru_->start(std::move(job));
}

napi_value GruObject::dispose(Arguments&) {
  gru_->dispose();
  return nullptr;
}

}  // namespace gru::binding
