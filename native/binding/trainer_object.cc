#include "binding/trainer_object.h"

#include "binding/abort_object.h"
#include "binding/model_call.h"
#include "binding/promise_job.h"
#include "binding/trainer_options.h"
#include "binding/trainer_state.h"
#include "binding/training_result.h"

namespace gru::binding {

namespace {

/// The batches of a step, in the memory of the caller or of a job.
class Batches {
 public:
  Batches(std::span<const TrainingCall> calls, const Graph& graph, const ModelNames& names) {
    for (const TrainingCall& call : calls) {
      inputs_.push_back(read_inputs(call, graph, names));
      targets_.push_back(read_targets(call, graph, inputs_.back()));
      carry_state_.push_back(call.carry_state);
    }
  }

  void keep(PromiseJob& job) {
    for (std::vector<InputBatch>& inputs : inputs_) keep_inputs(job, inputs);
    for (std::vector<Target>& targets : targets_) keep_targets(job, targets);
  }
  std::span<const std::vector<Target>> targets() const { return targets_; }
  std::vector<TrainingBatch> views() const {
    std::vector<TrainingBatch> views;
    for (std::size_t i = 0; i < inputs_.size(); ++i) {
      views.push_back({inputs_[i], targets_[i], carry_state_[i]});
    }
    return views;
  }

 private:
  std::vector<std::vector<InputBatch>> inputs_;
  std::vector<std::vector<Target>> targets_;
  std::vector<bool> carry_state_;
};

void give_result(PromiseJob& job, std::shared_ptr<const TrainingResult> result) {
  job.result = [result = std::move(result)](Surface& surface) {
    return result->value(surface.env());
  };
}

}  // namespace

const std::shared_ptr<Trainer>& SharedTrainer::trainer() const {
  const std::shared_ptr<Trainer>& found = owned_.object();
  if (!found) refuse_disposed("trainer");
  return found;
}

napi_value TrainerObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&TrainerObject::step_sync>("stepSync"),
      promise_method<&TrainerObject::step>("step"),
      promise_method<&TrainerObject::evaluate>("evaluate"),
      promise_method<&TrainerObject::evaluate_average>("evaluateAverage"),
      method<&TrainerObject::read_average_sync>("readAverageSync"),
      promise_method<&TrainerObject::read_average>("readAverage"),
      method<&TrainerObject::update_sync>("updateSync"),
      promise_method<&TrainerObject::update>("update"),
      method<&TrainerObject::discard_sync>("discardSync"),
      promise_method<&TrainerObject::discard>("discard"),
      method<&TrainerObject::reset_state>("resetState"),
      method<&TrainerObject::reset_evaluation_state>("resetEvaluationState"),
      promise_method<&TrainerObject::read_state>("readState"),
      promise_method<&TrainerObject::write_state>("writeState"),
      method<&TrainerObject::memory>("memory"),
      method<&TrainerObject::trim_sync>("trimSync"),
      promise_method<&TrainerObject::trim>("trim"),
      promise_method<&TrainerObject::write_state_array>("writeStateArray"),
      method<&TrainerObject::dispose>("dispose"),
  };
  return define_class<TrainerObject>(surface, members);
}

std::unique_ptr<TrainerObject> TrainerObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  // First the options: their getters may run code that disposes of the model.
  TrainerOptions options = read_trainer_options(Napi::Value(env, arguments[1]));
  const ModelObject& model = unwrap<ModelObject>(arguments, arguments[0], "model", "a NativeModel");
  const std::shared_ptr<SharedModel>& shared = model.shared();
  const auto idle = shared->idle_object(env, "new Trainer", "await it first");
  const std::size_t tensors = idle->layout().specs().size();
  if (!options.parameters.empty() && options.parameters.size() != tensors) {
    refuse_value("parameters", "an Array of " + std::to_string(tensors),
                 "an Array of " + std::to_string(options.parameters.size()));
  }
  std::unique_ptr<Trainer> trainer;
  check(Trainer::create(shared->object(), std::move(options), trainer));
  return std::make_unique<TrainerObject>(
      std::make_shared<SharedTrainer>(model, Owned<Trainer>(shared->queue(), std::move(trainer))));
}

SharedModel::IdleObject TrainerObject::idle_model(const Arguments& arguments,
                                                  const char* name) const {
  const std::string call = std::string("trainer.") + name;
  return shared_->model()->idle_object(
      arguments.env(), call + "Sync",
      ("await it, or call " + call + ", which waits for its turn").c_str());
}

std::unique_ptr<PromiseJob> TrainerObject::create_job(const Arguments& arguments,
                                                      const char* name) const {
  return std::make_unique<PromiseJob>(arguments.surface(), name, shared_->model()->queue(),
                                      nullptr);
}

napi_value TrainerObject::step_sync(Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::vector<TrainingCall> calls = read_training_calls(env, arguments[0]);
  const StepCall call = read_step_options(Napi::Value(env, arguments[1]));
  Trainer& trainer = *shared_->trainer();
  const auto model = idle_model(arguments, "step");
  const Batches batches(calls, model->graph(), shared_->names());
  TrainingResult result(model->graph(), batches.targets());
  StepMetrics metrics;
  check(trainer.step(batches.views(), call, metrics));
  result.take(trainer, metrics);
  return result.value(env);
}

napi_value TrainerObject::step(Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::vector<TrainingCall> calls = read_training_calls(env, arguments[0]);
  StepCall call = read_step_options(Napi::Value(env, arguments[1]));
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  SharedModel& model = *shared_->model();
  Batches batches(calls, model.object()->graph(), shared_->names());
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "trainer.step", model.queue(),
                                          read_abort(arguments, arguments[2]));
  batches.keep(*job);
  call.abort = &job->abort_flag();
  const auto result = std::make_shared<TrainingResult>(model.object()->graph(), batches.targets());
  job->work = [trainer, batches, call, result]() -> Status {
    StepMetrics metrics;
    GRU_RETURN_IF_ERROR(trainer->step(batches.views(), call, metrics));
    result->take(*trainer, metrics);
    return {};
  };
  give_result(*job, result);
  return model.start(std::move(job));
}

napi_value TrainerObject::evaluate(Arguments& arguments) {
  return start_evaluation(arguments, "trainer.evaluate", &Trainer::evaluate);
}

napi_value TrainerObject::evaluate_average(Arguments& arguments) {
  return start_evaluation(arguments, "trainer.evaluateAverage", &Trainer::evaluate_average);
}

napi_value TrainerObject::start_evaluation(const Arguments& arguments, const char* name,
                                           Evaluation evaluation) {
  const TrainingCall call = read_training_call(arguments.env(), arguments[0]);
  const PredictionCall given = read_optional_predictions(arguments, 2);
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  SharedModel& model = *shared_->model();
  const Graph& graph = model.object()->graph();
  Batches batches({&call, 1}, graph, shared_->names());
  std::vector<std::span<float>> predictions;
  if (!given.outputs.empty()) {
    predictions = read_outputs(given, graph, shared_->names(), batches.views()[0].inputs);
  }
  auto job = std::make_unique<PromiseJob>(arguments.surface(), name, model.queue(),
                                          read_abort(arguments, arguments[1]));
  batches.keep(*job);
  keep_outputs(*job, given, shared_->names(), predictions);
  const auto result = std::make_shared<TrainingResult>(graph, batches.targets());
  job->work = [trainer, evaluation, batches, predictions, result,
               abort = &job->abort_flag()]() -> Status {
    StepMetrics metrics;
    GRU_RETURN_IF_ERROR((*trainer.*evaluation)(batches.views()[0], abort, metrics, predictions));
    result->take(*trainer, metrics);
    return {};
  };
  give_result(*job, result);
  return model.start(std::move(job));
}

napi_value TrainerObject::read_average_sync(Arguments& arguments) {
  const napi_env env = arguments.env();
  Trainer& trainer = *shared_->trainer();
  const auto model = shared_->model()->idle_object(
      env, "trainer.getAverage", "await it, or call trainer.readAverage, which waits for its turn");
  check(trainer.read_average(
      read_tensor<float>(env, arguments[0], "target", shape_of(model->layout()))));
  return nullptr;
}

napi_value TrainerObject::read_average(Arguments& arguments) {
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  SharedModel& model = *shared_->model();
  std::unique_ptr<PromiseJob> job = create_job(arguments, "trainer.readAverage");
  const std::span<float> average =
      job->arrays.create_result(arguments.env(), model.object()->layout().count());
  job->work = [trainer, average] { return trainer->read_average(average); };
  job->result = [arrays = &job->arrays](Surface& surface) {
    return arrays->results(surface.env())[0];
  };
  return model.start(std::move(job));
}

napi_value TrainerObject::update_sync(Arguments& arguments) {
  const napi_env env = arguments.env();
  const StepCall call = read_step_options(Napi::Value(env, arguments[0]));
  Trainer& trainer = *shared_->trainer();
  const auto model = idle_model(arguments, "update");
  StepMetrics metrics;
  check(trainer.update(call, metrics));
  return update_metrics(env, metrics, trainer.skipped());
}

napi_value TrainerObject::update(Arguments& arguments) {
  const StepCall call = read_step_options(Napi::Value(arguments.env(), arguments[0]));
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  std::unique_ptr<PromiseJob> job = create_job(arguments, "trainer.update");
  const auto metrics = std::make_shared<StepMetrics>();
  const auto skipped = std::make_shared<bool>();
  job->work = [trainer, call, metrics, skipped] {
    Status status = trainer->update(call, *metrics);
    *skipped = trainer->skipped();
    return status;
  };
  job->result = [metrics, skipped](Surface& surface) {
    return update_metrics(surface.env(), *metrics, *skipped);
  };
  return shared_->model()->start(std::move(job));
}

napi_value TrainerObject::discard_sync(Arguments& arguments) {
  Trainer& trainer = *shared_->trainer();
  const auto model = idle_model(arguments, "discard");
  trainer.discard();
  return nullptr;
}

napi_value TrainerObject::discard(Arguments& arguments) {
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  std::unique_ptr<PromiseJob> job = create_job(arguments, "trainer.discard");
  job->work = [trainer] {
    trainer->discard();
    return Status();
  };
  return shared_->model()->start(std::move(job));
}

napi_value TrainerObject::reset_state(Arguments& arguments) {
  Trainer& trainer = *shared_->trainer();
  const auto model =
      shared_->model()->idle_object(arguments.env(), "trainer.resetState", "await it first");
  trainer.reset_state();
  return nullptr;
}

napi_value TrainerObject::reset_evaluation_state(Arguments& arguments) {
  Trainer& trainer = *shared_->trainer();
  const auto model = shared_->model()->idle_object(arguments.env(), "trainer.resetEvaluationState",
                                                   "await it first");
  trainer.reset_evaluation_state();
  return nullptr;
}

napi_value TrainerObject::read_state(Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  SharedModel& model = *shared_->model();
  const std::size_t count = model.object()->layout().count();
  std::unique_ptr<PromiseJob> job = create_job(arguments, "trainer.save");
  const std::span<float> parameters = job->arrays.create_result(env, count);
  std::vector<std::span<float>> arrays;
  // The names follow from the options, so a job may run meanwhile.
  for (std::size_t left = trainer->array_names().size(); left > 0; --left) {
    arrays.push_back(job->arrays.create_result(env, count));
  }
  const auto state = std::make_shared<TrainerState>();
  job->work = [trainer, state, parameters, arrays] {
    return trainer->read_state(*state, parameters, arrays);
  };
  job->result = [state, made = &job->arrays](Surface& surface) {
    return make_state(surface.env(), *state, made->results(surface.env()));
  };
  return model.start(std::move(job));
}

napi_value TrainerObject::write_state(Arguments& arguments) {
  const napi_env env = arguments.env();
  const GivenState given = read_given_state(env, arguments[0]);
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  const auto state = std::make_shared<TrainerState>(copy_state(env, given));
  std::unique_ptr<PromiseJob> job = create_job(arguments, "Trainer.load");
  job->work = [trainer, state] { return trainer->write_state(*state); };
  return shared_->model()->start(std::move(job));
}

napi_value TrainerObject::memory(Arguments& arguments) {
  const napi_env env = arguments.env();
  const TrainerMemory memory = shared_->trainer()->memory();
  return make_object(env, {{"total", make_size(env, memory.total())},
                           {"gradients", make_size(env, memory.gradients)},
                           {"moments", make_size(env, memory.moments)},
                           {"average", make_size(env, memory.average)},
                           {"states", make_size(env, memory.states)},
                           {"working", make_size(env, memory.working)}});
}

napi_value TrainerObject::trim_sync(Arguments& arguments) {
  shared_->model()->trim_now(arguments, "trainer.trim", *shared_->trainer());
  return nullptr;
}

napi_value TrainerObject::trim(Arguments& arguments) {
  return shared_->model()->start_trim(arguments, "trainer.trim", shared_->trainer());
}

napi_value TrainerObject::write_state_array(Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::shared_ptr<Trainer> trainer = shared_->trainer();
  SharedModel& model = *shared_->model();
  const std::string name = read_string(env, arguments[0], "array", "a string");
  const ParameterPart<const float> part = read_part(arguments, 1, model.object()->layout().count());
  std::unique_ptr<PromiseJob> job = create_job(arguments, "Trainer.load");
  const std::span<const float> values = job->arrays.copy(part.values);
  job->work = [trainer, name, offset = part.offset, values] {
    return trainer->write_array(name, offset, values);
  };
  return model.start(std::move(job));
}

napi_value TrainerObject::dispose(Arguments&) {
  shared_->release();
  return nullptr;
}

}  // namespace gru::binding
