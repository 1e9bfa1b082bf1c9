#include "binding/model_object.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "binding/abort_object.h"
#include "binding/devices.h"
#include "binding/joint_prediction.h"
#include "binding/model_call.h"
#include "binding/option_reader.h"
#include "binding/options.h"
#include "binding/promise_job.h"

namespace gru::binding {

napi_value ModelObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      getter<&ModelObject::device>("device"),
      getter<&ModelObject::parameter_count>("parameterCount"),
      method<&ModelObject::parameter_specs>("parameterSpecs"),
      method<&ModelObject::read_parameters_sync>("readParametersSync"),
      promise_method<&ModelObject::read_parameters>("readParameters"),
      method<&ModelObject::write_parameters_sync>("writeParametersSync"),
      promise_method<&ModelObject::write_parameters>("writeParameters"),
      promise_method<&ModelObject::fill_parameters>("fillParameters"),
      method<&ModelObject::predict_sync>("predictSync"),
      promise_method<&ModelObject::predict>("predict"),
      promise_method<&ModelObject::predict_together>("predictTogether"),
      method<&ModelObject::memory>("memory"),
      method<&ModelObject::trim_sync>("trimSync"),
      promise_method<&ModelObject::trim>("trim"),
      method<&ModelObject::dispose>("dispose"),
  };
  return define_class<ModelObject>(surface, members);
}

std::unique_ptr<ModelObject> ModelObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  ModelOptions options = read_model_options(Napi::Value(env, arguments[0]));
  const std::uint64_t seed = read_integer(env, arguments[1], "seed", 0, max_safe_integer);
  ChosenDevice chosen;
  check(create_device(read_device_request(Napi::Value(env, arguments[2])), chosen));
  std::unique_ptr<Model> model;
  check(Model::create(options.graph, std::move(chosen.device), seed, model));
  return std::make_unique<ModelObject>(
      std::make_shared<SharedModel>(env, "model", std::move(chosen.name), std::move(model)),
      std::make_shared<const ModelNames>(std::move(options.names)));
}

ModelObject::ModelObject(std::shared_ptr<SharedModel> model,
                         std::shared_ptr<const ModelNames> names)
    : model_(std::move(model)), names_(std::move(names)) {
  StepForm form{names_, std::vector<std::size_t>(names_->inputs.size()),
                std::vector<std::size_t>(names_->predictions.size())};
  std::iota(form.inputs.begin(), form.inputs.end(), std::size_t{0});
  std::iota(form.outputs.begin(), form.outputs.end(), std::size_t{0});
  step_form_ = std::make_shared<const StepForm>(std::move(form));
}

napi_value ModelObject::fill_parameters(Arguments& arguments) {
  const std::shared_ptr<Model> model = model_->object();
  std::unique_ptr<PromiseJob> job = create_parameter_job(*model_, arguments);
  ParameterPart<const float> part = read_part(arguments, 1, model->layout().count());
  part.values = job->arrays.copy(part.values);
  job->work = [model, part] { return model->fill_parameters(part); };
  return model_->start(std::move(job));
}

napi_value ModelObject::predict_sync(Arguments& arguments) {
  const PredictionCall call = read_prediction_call(arguments);
  const GivenStates given_states = read_given_states(arguments, 3);
  const auto model =
      model_->idle_object(arguments.env(), "model.predictSync",
                          "await it, or call model.predict, which waits for its turn");
  const Graph& graph = model->graph();
  const std::vector<InputBatch> inputs = read_inputs(call, graph, *names_);
  const std::vector<std::span<float>> outputs = read_outputs(call, graph, *names_, inputs);
  const CallStates states = read_states(call, given_states, graph, inputs[0].shape.batch);
  check(model->predict({inputs, outputs, states.initial, states.final}));
  return nullptr;
}

napi_value ModelObject::predict(Arguments& arguments) {
  const PredictionCall call = read_prediction_call(arguments);
  const GivenStates given_states = read_given_states(arguments, 4);
  const std::shared_ptr<Model> model = model_->object();
  const Graph& graph = model->graph();
  std::vector<InputBatch> inputs = read_inputs(call, graph, *names_);
  std::vector<std::span<float>> outputs = read_outputs(call, graph, *names_, inputs);
  CallStates states = read_states(call, given_states, graph, inputs[0].shape.batch);
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "model.predict", model_->queue(),
                                          read_abort(arguments, arguments[3]));
  keep_inputs(*job, inputs);
  keep_outputs(*job, call, *names_, outputs);
  keep_states(*job, call, given_states, graph, states);
  job->work = [model, inputs, outputs, states, abort = &job->abort_flag()] {
    return model->predict({inputs, outputs, states.initial, states.final, abort});
  };
  const bool is_step =
      std::ranges::all_of(inputs, [](const InputBatch& input) { return input.shape.steps == 1; });
  job->set_access(JobAccess::shared());
  if (is_step) return model_->start_step(std::move(job), inputs[0].shape.batch);
  return model_->start(std::move(job));
}

napi_value ModelObject::predict_together(Arguments& arguments) {
  const napi_env env = arguments.env();
  std::vector<napi_value> inputs;
  std::vector<napi_value> outputs;
  read_list(env, arguments[0], "inputs", [&](napi_value array) { inputs.push_back(array); });
  read_list(env, arguments[1], "outputs", [&](napi_value array) { outputs.push_back(array); });
  const std::shared_ptr<Model> model = model_->object();
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "model.predict", model_->queue(),
                                          read_abort(arguments, arguments[2]));
  const auto prediction =
      std::make_shared<JointPrediction>(env, model->graph(), *names_, inputs, outputs, *job);
  job->work = [model, prediction, abort = &job->abort_flag()] {
    return prediction->run(*model, abort);
  };
  job->set_access(JobAccess::shared());
  return model_->start(std::move(job));
}

napi_value ModelObject::memory(Arguments& arguments) {
  const std::size_t parameters = model_->object()->parameter_bytes();
  return make_model_memory(arguments.env(), model_->total_bytes(), parameters,
                           model_->dependent_bytes());
}

napi_value ModelObject::trim_sync(Arguments& arguments) {
  model_->trim_now(arguments, "model.trim", *model_->object());
  return nullptr;
}

napi_value ModelObject::trim(Arguments& arguments) {
  return model_->start_trim(arguments, "model.trim", model_->object());
}

napi_value ModelObject::dispose(Arguments&) {
  model_->dispose();
  return nullptr;
}

}  // namespace gru::binding
