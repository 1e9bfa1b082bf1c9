#include "binding/trainer_object.h"

#include "binding/abort_object.h"
#include "binding/model_call.h"
#include "binding/options.h"
#include "binding/promise_job.h"
#include "binding/results.h"

namespace gru::binding {

namespace {

bool read_carry_state(const Arguments& arguments, std::size_t place) {
  const napi_env env = arguments.env();
  return !is_undefined(env, arguments[place]) && read_boolean(env, arguments[place], "carryState");
}

}  // namespace

napi_value TrainerObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&TrainerObject::step_sync>("stepSync"),
      promise_method<&TrainerObject::step>("step"),
      promise_method<&TrainerObject::evaluate>("evaluate"),
      method<&TrainerObject::reset_state>("resetState"),
      method<&TrainerObject::reset_evaluation_state>("resetEvaluationState"),
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
  return std::make_unique<TrainerObject>(model,
                                         Owned<Trainer>(shared->queue(), std::move(trainer)));
}

const std::shared_ptr<Trainer>& TrainerObject::trainer() const {
  const std::shared_ptr<Trainer>& found = owned_.object();
  if (!found) refuse_disposed("trainer");
  return found;
}

napi_value TrainerObject::step_sync(Arguments& arguments) {
  const GivenCall call = read_given_call(arguments, "targets");
  const bool carry_state = read_carry_state(arguments, 3);
  Trainer& found = *trainer();
  const auto model =
      owned_.shared().idle_object(arguments.env(), "trainer.stepSync",
                                  "await it, or call trainer.step, which waits for its turn");
  const std::vector<InputBatch> inputs = read_inputs(call, model->graph(), *names_);
  const std::vector<Target> targets = read_targets(call, model->graph(), *names_, inputs);
  StepMetrics metrics;
  check(found.step({inputs, targets, nullptr, carry_state}, metrics));
  return step_metrics(arguments.env(), metrics);
}

napi_value TrainerObject::step(Arguments& arguments) {
  return start(arguments, "trainer.step", &Trainer::step);
}

napi_value TrainerObject::evaluate(Arguments& arguments) {
  return start(arguments, "trainer.evaluate", &Trainer::evaluate);
}

napi_value TrainerObject::start(const Arguments& arguments, const char* name, Operation operation) {
  const GivenCall call = read_given_call(arguments, "targets");
  const bool carry_state = read_carry_state(arguments, 4);
  const std::shared_ptr<Trainer> found = trainer();
  SharedModel& model = owned_.shared();
  const Graph& graph = model.object()->graph();
  std::vector<InputBatch> inputs = read_inputs(call, graph, *names_);
  std::vector<Target> targets = read_targets(call, graph, *names_, inputs);
  auto job = std::make_unique<PromiseJob>(arguments.surface(), name, model.queue(),
                                          read_abort(arguments, arguments[3]));
  keep_inputs(*job, inputs);
  keep_targets(*job, targets);
  const auto metrics = std::make_shared<StepMetrics>();
  job->work = [found, operation, inputs, targets, metrics, carry_state,
               abort = &job->abort_flag()] {
    return (*found.*operation)({inputs, targets, abort, carry_state}, *metrics);
  };
  job->result = [metrics](Surface& surface) { return step_metrics(surface.env(), *metrics); };
  return model.start(std::move(job));
}

Trainer& TrainerObject::idle_trainer(const Arguments& arguments, const char* call) const {
  Trainer& found = *trainer();
  const auto model = owned_.shared().idle_object(arguments.env(), call, "await it first");
  return found;
}

napi_value TrainerObject::reset_state(Arguments& arguments) {
  idle_trainer(arguments, "trainer.resetState").reset_state();
  return nullptr;
}

napi_value TrainerObject::reset_evaluation_state(Arguments& arguments) {
  idle_trainer(arguments, "trainer.resetEvaluationState").reset_evaluation_state();
  return nullptr;
}

napi_value TrainerObject::dispose(Arguments&) {
  owned_.release();
  return nullptr;
}

}  // namespace gru::binding
