#include "binding/model_object.h"

#include "binding/abort_object.h"
#include "binding/devices.h"
#include "binding/options.h"

namespace gru::binding {

InputBatch read_model_input(const Arguments& arguments, const Graph& graph) {
  const napi_env env = arguments.env();
  InputBatch input;
  input.shape = read_batch_shape(arguments);
  const ModelShapes shapes = shapes_of(graph, input.shape.steps, input.shape.batch);
  if (graph.options().inputs.front().tokens) {
    input.tokens = read_tensor<std::int32_t>(env, arguments[3], "input", shapes.input);
  } else {
    input.features = read_tensor<float>(env, arguments[3], "input", shapes.input);
  }
  return input;
}

namespace {

/// The array for predictions, which follows the input, in place.
std::span<float> read_output(const Arguments& arguments, const Graph& graph,
                             const BatchShape& shape) {
  return read_tensor<float>(arguments.env(), arguments[4], "output",
                            shapes_of(graph, shape.steps, shape.batch).predictions);
}

}  // namespace

void keep_model_input(PromiseJob& job, InputBatch& input) {
  input.shape.lengths = job.arrays.copy(input.shape.lengths);
  input.features = job.arrays.copy(input.features);
  input.tokens = job.arrays.copy(input.tokens);
}

napi_value model_parameter_specs(Arguments& arguments) {
  const napi_env env = arguments.env();
  std::unique_ptr<Graph> graph;
  check(Graph::create(read_model_options(Napi::Value(env, arguments[0])), graph));
  return parameter_specs(env, graph->layout());
}

napi_value ModelObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      getter<&ModelObject::device>("device"),
      getter<&ModelObject::parameter_count>("parameterCount"),
      method<&ModelObject::parameter_specs>("parameterSpecs"),
      method<&ModelObject::read_parameters>("readParameters"),
      method<&ModelObject::write_parameters>("writeParameters"),
      method<&ModelObject::predict_sync>("predictSync"),
      promise_method<&ModelObject::predict>("predict"),
      method<&ModelObject::dispose>("dispose"),
  };
  return define_class<ModelObject>(surface, members);
}

std::unique_ptr<ModelObject> ModelObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  const GraphOptions options = read_model_options(Napi::Value(env, arguments[0]));
  const std::uint64_t seed = read_integer(env, arguments[1], "seed", 0, max_safe_integer);
  ChosenDevice chosen;
  check(create_device(read_device_request(Napi::Value(env, arguments[2])), chosen));
  std::unique_ptr<Model> model;
  check(Model::create(options, std::move(chosen.device), seed, model));
  return std::make_unique<ModelObject>(
      std::make_shared<SharedModel>(env, "model", std::move(chosen.name), std::move(model)));
}

napi_value ModelObject::predict_sync(Arguments& arguments) {
  const auto model =
      model_->idle_object(arguments.env(), "model.predictSync",
                          "await it, or call model.predict, which waits for its turn");
  const InputBatch input = read_model_input(arguments, model->graph());
  const std::span<float> output = read_output(arguments, model->graph(), input.shape);
  check(model->predict({&input, 1}, nullptr, {&output, 1}));
  return nullptr;
}

napi_value ModelObject::predict(Arguments& arguments) {
  const napi_env env = arguments.env();
  const std::shared_ptr<Model> model = model_->object();
  InputBatch input = read_model_input(arguments, model->graph());
  const std::span<float> output = read_output(arguments, model->graph(), input.shape);
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "model.predict", model_->queue(),
                                          read_abort(arguments, arguments[5]));
  keep_model_input(*job, input);
  const std::span<float> predictions = job->arrays.output(env, arguments[4], output, "output");
  job->work = [model, input, predictions, abort = &job->abort_flag()] {
    return model->predict({&input, 1}, abort, {&predictions, 1});
  };
  return model_->start(std::move(job));
}

napi_value ModelObject::dispose(Arguments&) {
  model_->dispose();
  return nullptr;
}

}  // namespace gru::binding
