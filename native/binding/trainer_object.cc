#include "binding/trainer_object.h"

#include "binding/abort_object.h"
#include "binding/options.h"
#include "binding/promise_job.h"
#include "binding/results.h"

namespace gru::binding {

napi_value TrainerObject::define(napi_env env) {
  const napi_property_descriptor members[] = {
      method<&TrainerObject::step_sync>("stepSync"),
      promise_method<&TrainerObject::step>("step"),
      promise_method<&TrainerObject::evaluate>("evaluate"),
      method<&TrainerObject::dispose>("dispose"),
  };
  return define_class<TrainerObject>(env, members);
}

std::unique_ptr<TrainerObject> TrainerObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  const ModelObject* const model = unwrap<ModelObject>(env, arguments[0]);
  if (model == nullptr) refuse_type("model", "a NativeModel", describe(env, arguments[0]));
  const Napi::Value options(env, arguments[1]);
  const OptimizerOptions optimizer = read_optimizer_options(options);
  const ClipOptions clip = read_clip_options(options);
  const std::shared_ptr<SharedModel>& shared = model->shared();
  const auto idle = shared->idle_object(env, "new Trainer", "await it first");
  std::unique_ptr<Trainer> trainer;
  check(Trainer::create(shared->object(), optimizer, clip, trainer));
  return std::make_unique<TrainerObject>(shared,
                                         Owned<Trainer>(shared->queue(), std::move(trainer)));
}

const std::shared_ptr<Trainer>& TrainerObject::trainer() const {
  const std::shared_ptr<Trainer>& found = owned_.object();
  if (!found) refuse_disposed("trainer");
  return found;
}

ModelTarget TrainerObject::read_target(const Arguments& arguments) const {
  ModelTarget target;
  if (owned_.shared().object()->options().loss == LossKind::cross_entropy) {
    target.classes = read_array<std::int32_t>(arguments.env(), arguments[4], "target");
  } else {
    target.values = read_array<float>(arguments.env(), arguments[4], "target");
  }
  return target;
}

napi_value TrainerObject::step_sync(Arguments& arguments) {
  Trainer& found = *trainer();
  const auto model =
      owned_.shared().idle_object(arguments.env(), "trainer.stepSync",
                                  "await it, or call trainer.step, which waits for its turn");
  const ModelInput input = read_model_input(arguments, model->options());
  StepMetrics metrics;
  check(found.step(input, read_target(arguments), metrics));
  return step_metrics(arguments.env(), metrics);
}

napi_value TrainerObject::step(Arguments& arguments) {
  return start(arguments, "trainer.step", &Trainer::step);
}

napi_value TrainerObject::evaluate(Arguments& arguments) {
  return start(arguments, "trainer.evaluate", &Trainer::evaluate);
}

napi_value TrainerObject::start(const Arguments& arguments, const char* call, Operation operation) {
  const napi_env env = arguments.env();
  const std::shared_ptr<Trainer> found = trainer();
  SharedModel& model = owned_.shared();
  ModelInput input = read_model_input(arguments, model.object()->options());
  ModelTarget target = read_target(arguments);
  auto job = std::make_unique<PromiseJob>(Environment::of(env), call, model.queue(),
                                          read_abort(env, arguments[5]));
  keep_model_input(*job, input);
  target.classes = job->arrays.copy(target.classes);
  target.values = job->arrays.copy(target.values);
  const auto metrics = std::make_shared<StepMetrics>();
  job->work = [found, operation, input, target, metrics] {
    return (*found.*operation)(input, target, *metrics);
  };
  job->result = [metrics](Environment& environment) -> napi_value {
    return step_metrics(environment.env(), *metrics);
  };
  return model.start(Environment::of(env), std::move(job));
}

napi_value TrainerObject::dispose(Arguments&) {
  owned_.release();
  return nullptr;
}

}  // namespace gru::binding
