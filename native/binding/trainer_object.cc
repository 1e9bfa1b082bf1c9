#include "binding/trainer_object.h"

#include "binding/abort_object.h"
#include "binding/options.h"
#include "binding/promise_job.h"
#include "binding/results.h"

namespace gru::binding {

napi_value TrainerObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&TrainerObject::step_sync>("stepSync"),
      promise_method<&TrainerObject::step>("step"),
      promise_method<&TrainerObject::evaluate>("evaluate"),
      method<&TrainerObject::dispose>("dispose"),
  };
  return define_class<TrainerObject>(surface, members);
}

std::unique_ptr<TrainerObject> TrainerObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  // First the options: their getters may run code that disposes of the model.
  const Napi::Value options(env, arguments[1]);
  const OptimizerOptions optimizer = read_optimizer_options(options);
  const ClipOptions clip = read_clip_options(options);
  const ModelObject& model = unwrap<ModelObject>(arguments, arguments[0], "model", "a NativeModel");
  const std::shared_ptr<SharedModel>& shared = model.shared();
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

Target TrainerObject::read_target(const Arguments& arguments, const BatchShape& batch) const {
  const Graph& graph = owned_.shared().object()->graph();
  const Shape shape = shapes_of(graph, batch.steps, batch.batch).target;
  Target target;
  if (graph.options().outputs.front().loss.kind == LossKind::cross_entropy) {
    target.classes = read_tensor<std::int32_t>(arguments.env(), arguments[4], "target", shape);
  } else {
    target.values = read_tensor<float>(arguments.env(), arguments[4], "target", shape);
  }
  return target;
}

napi_value TrainerObject::step_sync(Arguments& arguments) {
  Trainer& found = *trainer();
  const auto model =
      owned_.shared().idle_object(arguments.env(), "trainer.stepSync",
                                  "await it, or call trainer.step, which waits for its turn");
  const InputBatch input = read_model_input(arguments, model->graph());
  const Target target = read_target(arguments, input.shape);
  StepMetrics metrics;
  check(found.step({{&input, 1}, {&target, 1}, nullptr}, metrics));
  return step_metrics(arguments.env(), metrics);
}

napi_value TrainerObject::step(Arguments& arguments) {
  return start(arguments, "trainer.step", &Trainer::step);
}

napi_value TrainerObject::evaluate(Arguments& arguments) {
  return start(arguments, "trainer.evaluate", &Trainer::evaluate);
}

napi_value TrainerObject::start(const Arguments& arguments, const char* call, Operation operation) {
  const std::shared_ptr<Trainer> found = trainer();
  SharedModel& model = owned_.shared();
  InputBatch input = read_model_input(arguments, model.object()->graph());
  Target target = read_target(arguments, input.shape);
  auto job = std::make_unique<PromiseJob>(arguments.surface(), call, model.queue(),
                                          read_abort(arguments, arguments[5]));
  keep_model_input(*job, input);
  target.classes = job->arrays.copy(target.classes);
  target.values = job->arrays.copy(target.values);
  const auto metrics = std::make_shared<StepMetrics>();
  job->work = [found, operation, input, target, metrics, abort = &job->abort_flag()] {
    return (*found.*operation)({{&input, 1}, {&target, 1}, abort}, *metrics);
  };
  job->result = [metrics](Surface& surface) { return step_metrics(surface.env(), *metrics); };
  return model.start(std::move(job));
}

napi_value TrainerObject::dispose(Arguments&) {
  owned_.release();
  return nullptr;
}

}  // namespace gru::binding
