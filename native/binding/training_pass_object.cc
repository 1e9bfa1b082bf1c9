#include "binding/training_pass_object.h"

#include "binding/abort_object.h"
#include "binding/model_call.h"
#include "binding/option_reader.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// A pass with its model, which must outlive it.
struct KeptTrainingPass {
  std::shared_ptr<Model> model;
  TrainingPass pass;
};

}  // namespace

napi_value TrainingPassObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&TrainingPassObject::forward_sync>("forwardSync"),
      promise_method<&TrainingPassObject::forward>("forward"),
      method<&TrainingPassObject::backward_sync>("backwardSync"),
      promise_method<&TrainingPassObject::backward>("backward"),
      method<&TrainingPassObject::memory>("memory"),
      method<&TrainingPassObject::dispose>("dispose"),
  };
  return define_class<TrainingPassObject>(surface, members);
}

std::unique_ptr<TrainingPassObject> TrainingPassObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  const GivenCall call = read_given_inputs(env, arguments[1]);
  const std::shared_ptr<SharedTrainer>& trainer =
      unwrap<TrainerObject>(arguments, arguments[0], "trainer", "a NativeTrainer").shared();
  trainer->trainer();
  SharedModel& model = *trainer->model();
  const std::vector<InputBatch> inputs =
      read_inputs(call, model.object()->graph(), trainer->names());
  const std::shared_ptr<KeptTrainingPass> kept(
      new KeptTrainingPass{model.object(), TrainingPass(inputs)});
  return std::make_unique<TrainingPassObject>(
      trainer,
      Owned<TrainingPass>(model.queue(), std::shared_ptr<TrainingPass>(kept, &kept->pass)));
}

const std::shared_ptr<TrainingPass>& TrainingPassObject::pass() const {
  const std::shared_ptr<TrainingPass>& found = pass_.object();
  trainer_->trainer();
  if (found) return found;
  throw Failure{"ERR_GRU_DISPOSED",
                "pass: expected one in use, got one that backward used up or that was disposed"};
}

std::shared_ptr<TrainingPass> TrainingPassObject::take() {
  std::shared_ptr<TrainingPass> taken = pass();
  pass_.release();
  return taken;
}

SharedModel::IdleObject TrainingPassObject::idle_model(const Arguments& arguments, const char* call,
                                                       const char* remedy) const {
  return trainer_->model()->idle_object(arguments.env(), call, remedy);
}

napi_value TrainingPassObject::forward_sync(Arguments& arguments) {
  const PredictionCall call = read_predictions(arguments.env(), arguments[0]);
  TrainingPass& found = *pass();
  const auto model = idle_model(arguments, "trainer.forwardSync",
                                "await it, or call trainer.forward, which waits for its turn");
  const std::vector<std::span<float>> outputs =
      read_outputs(call, model->graph(), trainer_->names(), found.inputs());
  check(trainer_->trainer()->forward(found, nullptr, outputs));
  return nullptr;
}

napi_value TrainingPassObject::forward(Arguments& arguments) {
  const PredictionCall call = read_predictions(arguments.env(), arguments[0]);
  const std::shared_ptr<TrainingPass> found = pass();
  SharedModel& model = *trainer_->model();
  std::vector<std::span<float>> outputs =
      read_outputs(call, model.object()->graph(), trainer_->names(), found->inputs());
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "trainer.forward", model.queue(),
                                          read_abort(arguments, arguments[1]));
  keep_outputs(*job, call, trainer_->names(), outputs);
  job->work = [trainer = trainer_->trainer(), found, outputs, abort = &job->abort_flag()] {
    return trainer->forward(*found, abort, outputs);
  };
  return model.start(std::move(job));
}

napi_value TrainingPassObject::backward_sync(Arguments& arguments) {
  const GradientCall call = read_gradients(arguments.env(), arguments[0]);
  const TrainingPass& found = *pass();
  const auto model = idle_model(arguments, "pass.backwardSync",
                                "await it, or call pass.backward, which waits for its turn");
  const std::vector<std::span<const float>> gradients =
      read_output_gradients(call, model->graph(), trainer_->names(), found.inputs());
  check(trainer_->trainer()->backward(*take(), nullptr, gradients));
  return nullptr;
}

napi_value TrainingPassObject::backward(Arguments& arguments) {
  const GradientCall call = read_gradients(arguments.env(), arguments[0]);
  const TrainingPass& found = *pass();
  SharedModel& model = *trainer_->model();
  std::vector<std::span<const float>> gradients =
      read_output_gradients(call, model.object()->graph(), trainer_->names(), found.inputs());
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "pass.backward", model.queue(),
                                          read_abort(arguments, arguments[1]));
  for (std::span<const float>& gradient : gradients) gradient = job->arrays.copy(gradient);
  job->work = [trainer = trainer_->trainer(), pass = take(), gradients,
               abort = &job->abort_flag()] { return trainer->backward(*pass, abort, gradients); };
  return model.start(std::move(job));
}

napi_value TrainingPassObject::memory(Arguments& arguments) {
  return make_pass_memory(arguments.env(), pass()->held_bytes(), pass()->input_bytes());
}

napi_value TrainingPassObject::dispose(Arguments&) {
  pass_.release();
  return nullptr;
}

}  // namespace gru::binding
