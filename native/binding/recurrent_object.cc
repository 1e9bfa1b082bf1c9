#include "binding/recurrent_object.h"

#include "binding/abort_object.h"
#include "binding/devices.h"
#include "binding/options.h"
#include "binding/pass_object.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// The positions of arguments that only one form of forward has, or that differ between the forms.
constexpr std::size_t abort_argument = 7;
constexpr std::size_t sync_cells = 7;
constexpr std::size_t promise_cells = 8;

/// Reads the arguments of all forms of forward in place. If there is a cell state, its arguments
/// begin at `cells`.
RecurrentCall read_call(const Arguments& arguments, const RecurrentOptions& options,
                        std::size_t cells) {
  const napi_env env = arguments.env();
  RecurrentCall call;
  call.shape = read_batch_shape(arguments);
  const LayerShapes shapes = shapes_of(options, call.shape.steps, call.shape.batch);
  call.input = read_tensor<const float>(env, arguments[3], "input", shapes.input);
  call.initial_state =
      read_optional_tensor<const float>(env, arguments[4], "initialState", shapes.state);
  call.output = read_tensor<float>(env, arguments[5], "output", shapes.output);
  call.state = read_tensor<float>(env, arguments[6], "state", shapes.state);
  if (options.spec().states == 1) return call;
  call.initial_cell =
      read_optional_tensor<const float>(env, arguments[cells], "initialCell", shapes.state);
  call.cell = read_tensor<float>(env, arguments[cells + 1], "cell", shapes.state);
  return call;
}

/// Makes a job for `call`, and moves the call's arrays to the job's own memory.
std::unique_ptr<PromiseJob> create_job(const Arguments& arguments, const char* name,
                                       const SharedLayer& layer, RecurrentCall& call) {
  const napi_env env = arguments.env();
  auto job = std::make_unique<PromiseJob>(arguments.surface(), name, layer.queue(),
                                          read_abort(arguments, arguments[abort_argument]));
  call.shape.lengths = job->arrays.copy(call.shape.lengths);
  call.input = job->arrays.copy(call.input);
  call.initial_state = job->arrays.copy(call.initial_state);
  call.initial_cell = job->arrays.copy(call.initial_cell);
  call.output = job->arrays.output(env, arguments[5], call.output, "output");
  call.state = job->arrays.output(env, arguments[6], call.state, "state");
  if (!call.cell.empty()) {
    call.cell = job->arrays.output(env, arguments[promise_cells + 1], call.cell, "cell");
  }
  call.abort = &job->abort_flag();
  return job;
}

RecurrentOptions read_options(CellKind cell, Napi::Value value) {
  return cell == CellKind::lstm ? read_lstm_options(value) : read_gru_options(value);
}

}  // namespace

template <CellKind cell>
napi_value RecurrentObject<cell>::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      getter<&RecurrentObject::device>("device"),
      getter<&RecurrentObject::parameter_count>("parameterCount"),
      method<&RecurrentObject::parameter_specs>("parameterSpecs"),
      method<&RecurrentObject::read_parameters_sync>("readParametersSync"),
      promise_method<&RecurrentObject::read_parameters>("readParameters"),
      method<&RecurrentObject::write_parameters_sync>("writeParametersSync"),
      promise_method<&RecurrentObject::write_parameters>("writeParameters"),
      method<&RecurrentObject::forward_sync>("forwardSync"),
      promise_method<&RecurrentObject::forward>("forward"),
      method<&RecurrentObject::forward_training_sync>("forwardTrainingSync"),
      promise_method<&RecurrentObject::forward_training>("forwardTraining"),
      method<&RecurrentObject::memory>("memory"),
      method<&RecurrentObject::trim_sync>("trimSync"),
      promise_method<&RecurrentObject::trim>("trim"),
      method<&RecurrentObject::dispose>("dispose"),
  };
  return define_class<RecurrentObject>(surface, members);
}

template <CellKind cell>
std::unique_ptr<RecurrentObject<cell>> RecurrentObject<cell>::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  const RecurrentOptions options = read_options(cell, Napi::Value(env, arguments[0]));
  const std::uint64_t seed = read_integer(env, arguments[1], "seed", 0, max_safe_integer);
  ChosenDevice chosen;
  check(create_device(read_device_request(Napi::Value(env, arguments[2])), chosen));
  std::unique_ptr<RecurrentModule> layer;
  check(RecurrentModule::create(options, std::move(chosen.device), seed, layer));
  return std::make_unique<RecurrentObject>(
      std::make_shared<SharedLayer>(env, names.layer, std::move(chosen.name), std::move(layer)));
}

template <CellKind cell>
napi_value RecurrentObject<cell>::forward_sync(Arguments& arguments) {
  const auto layer =
      layer_->idle_object(arguments.env(), names.forward_sync, names.instead_of_forward_sync);
  check(layer->forward(read_call(arguments, layer->options(), sync_cells)));
  return nullptr;
}

template <CellKind cell>
napi_value RecurrentObject<cell>::forward(Arguments& arguments) {
  const std::shared_ptr<RecurrentModule> layer = layer_->object();
  RecurrentCall call = read_call(arguments, layer->options(), promise_cells);
  std::unique_ptr<PromiseJob> job = create_job(arguments, names.forward, *layer_, call);
  job->work = [layer, call] { return layer->forward(call); };
  job->set_access(JobAccess::shared());
  if (call.shape.steps == 1) return layer_->start_step(std::move(job), call.shape.batch);
  return layer_->start(std::move(job));
}

template <CellKind cell>
napi_value RecurrentObject<cell>::forward_training_sync(Arguments& arguments) {
  const auto layer = layer_->idle_object(arguments.env(), names.forward_training_sync,
                                         names.instead_of_forward_training_sync);
  const auto kept = std::make_shared<KeptPass>(KeptPass{layer_->object(), nullptr});
  const RecurrentCall call = read_call(arguments, layer->options(), sync_cells);
  check(layer->forward_training(call, kept->pass));
  return create_pass(arguments.surface(), layer_, {layer_->queue(), kept});
}

template <CellKind cell>
napi_value RecurrentObject<cell>::forward_training(Arguments& arguments) {
  const auto kept = std::make_shared<KeptPass>(KeptPass{layer_->object(), nullptr});
  RecurrentCall call = read_call(arguments, kept->layer->options(), promise_cells);
  std::unique_ptr<PromiseJob> job = create_job(arguments, names.forward_training, *layer_, call);
  job->work = [kept, call] { return kept->layer->forward_training(call, kept->pass); };
  const auto owned = std::make_shared<Owned<KeptPass>>(layer_->queue(), kept);
  job->result = [layer = layer_, owned](Surface& surface) {
    return create_pass(surface, layer, std::move(*owned));
  };
  return layer_->start(std::move(job));
}

template <CellKind cell>
napi_value RecurrentObject<cell>::memory(Arguments& arguments) {
  const std::size_t parameters = layer_->object()->parameter_bytes();
  return make_layer_memory(arguments.env(), layer_->total_bytes(), parameters,
                           layer_->dependent_bytes());
}

template <CellKind cell>
napi_value RecurrentObject<cell>::trim_sync(Arguments& arguments) {
  layer_->trim_now(arguments, names.trim, *layer_->object());
  return nullptr;
}

template <CellKind cell>
napi_value RecurrentObject<cell>::trim(Arguments& arguments) {
  return layer_->start_trim(arguments, names.trim, layer_->object());
}

template <CellKind cell>
napi_value RecurrentObject<cell>::dispose(Arguments&) {
  layer_->dispose();
  return nullptr;
}

template <CellKind cell>
napi_value count_layer_parameters(Arguments& arguments) {
  const napi_env env = arguments.env();
  RecurrentStack stack;
  ParameterLayout layout;
  check(stack.declare(read_options(cell, Napi::Value(env, arguments[0])), {}, layout));
  return make_number(env, static_cast<double>(layout.count()));
}

template napi_value count_layer_parameters<CellKind::gru>(Arguments&);
template napi_value count_layer_parameters<CellKind::lstm>(Arguments&);

template class RecurrentObject<CellKind::gru>;
template class RecurrentObject<CellKind::lstm>;

}  // namespace gru::binding
