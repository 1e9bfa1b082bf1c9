#include "binding/trainer_object.h"

#include "binding/abort_object.h"
#include "binding/options.h"
#include "binding/promise_job.h"
#include "binding/results.h"

namespace gru::binding {

namespace {

/// The gradients and an optimiser's two moments, each as large as the parameters.
std::size_t trainer_bytes(const Model& model) { return 3 * model.layout().count() * sizeof(float); }

}  // namespace

napi_value TrainerObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&TrainerObject::step_sync>("stepSync"),
      promise_method<&TrainerObject::step>("step"),
      promise_method<&TrainerObject::evaluate>("evaluate"),
      method<&TrainerObject::dispose>("dispose"),
  };
  return define_class<TrainerObject>(surface, members);
}

TrainerObject::TrainerObject(napi_env env, std::shared_ptr<SharedModel> model,
                             std::shared_ptr<Trainer> trainer)
    : model_(std::move(model)), owned_(model_->queue(), std::move(trainer)), memory_(env) {
  memory_.set(trainer_bytes(*model_->object()));
}

std::unique_ptr<TrainerObject> TrainerObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  // First the options: their getters may run code that disposes of the model.
  const Napi::Value options(env, arguments[1]);
  const OptimizerOptions optimizer = read_optimizer_options(options);
  const ClipOptions clip = read_clip_options(options);
  const ModelObject& model = unwrap<ModelObject>(arguments, arguments[0], "model", "a NativeModel");
  model.shared()->idle_object();
  std::unique_ptr<Trainer> trainer;
  check(Trainer::create(model.shared()->object(), optimizer, clip, trainer));
  return std::make_unique<TrainerObject>(env, model.shared(), std::move(trainer));
}

const std::shared_ptr<Trainer>& TrainerObject::trainer() const {
  model_->object();
  if (!owned_.object()) refuse_disposed("trainer");
  return owned_.object();
}

ModelTarget TrainerObject::read_target(const Arguments& arguments, const BatchShape& batch) const {
  const ModelOptions& options = model_->object()->options();
  const Shape shape = shapes_of(options, batch.steps, batch.batch).target;
  ModelTarget target;
  if (options.loss == LossKind::cross_entropy) {
    target.classes = read_tensor<std::int32_t>(arguments.env(), arguments[4], "target", shape);
  } else {
    target.values = read_tensor<float>(arguments.env(), arguments[4], "target", shape);
  }
  return target;
}

napi_value TrainerObject::step_sync(Arguments& arguments) {
  Trainer& found = *trainer();
  const ModelInput input = read_model_input(arguments, model_->idle_object().options());
  StepMetrics metrics;
  check(found.step(input, read_target(arguments, input.shape), metrics));
  return step_metrics(arguments.env(), metrics);
}

napi_value TrainerObject::step(Arguments& arguments) { return start(arguments, &Trainer::step); }

napi_value TrainerObject::evaluate(Arguments& arguments) {
  return start(arguments, &Trainer::evaluate);
}

napi_value TrainerObject::start(const Arguments& arguments, Operation operation) {
  const std::shared_ptr<Trainer> found = trainer();
  ModelInput input = read_model_input(arguments, model_->object()->options());
  ModelTarget target = read_target(arguments, input.shape);
  auto job = std::make_unique<PromiseJob>(arguments.surface(), model_->queue(),
                                          read_abort(arguments, arguments[5]));
  keep_model_input(*job, input);
  target.classes = job->arrays.copy(target.classes);
  target.values = job->arrays.copy(target.values);
  const auto metrics = std::make_shared<StepMetrics>();
  job->work = [found, operation, input, target, metrics] {
    return (*found.*operation)(input, target, *metrics);
  };
  job->result = [metrics](Surface& surface) { return step_metrics(surface.env(), *metrics); };
  return start_job(std::move(job));
}

napi_value TrainerObject::dispose(Arguments&) {
  owned_.reset();
  memory_.set(0);
  return nullptr;
}

}  // namespace gru::binding
