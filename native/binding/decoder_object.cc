#include "binding/decoder_object.h"

#include <vector>

#include "binding/abort_object.h"
#include "binding/model_call.h"
#include "binding/option_reader.h"
#include "binding/promise_job.h"
#include "binding/results.h"

namespace gru::binding {

namespace {

using Results = std::vector<std::vector<Hypothesis>>;

std::int32_t read_token(const OptionReader& from, const char* key) {
  return static_cast<std::int32_t>(from.size(key, 0));
}

DecodeOptions read_options(Napi::Value value) {
  const OptionReader from(value, "options");
  DecodeOptions options;
  options.begin = read_token(from, "begin");
  options.end = read_token(from, "end");
  options.beams = from.size("beams");
  options.limit = from.size("limit");
  options.best = from.size("best");
  options.penalty = from.choice<LengthPenalty>("lengthPenalty", {{"none", LengthPenalty::none},
                                                                 {"mean", LengthPenalty::mean},
                                                                 {"gnmt", LengthPenalty::gnmt}});
  options.alpha = from.number("alpha");
  return options;
}

std::size_t check_index(const char* name, std::size_t index, std::size_t count) {
  if (index < count) return index;
  refuse_value(name, "an integer below " + std::to_string(count), std::to_string(index));
}

napi_value hypotheses(napi_env env, const std::vector<Hypothesis>& of_source) {
  std::vector<napi_value> made;
  for (const Hypothesis& one : of_source) {
    made.push_back(make_object(env, {{"tokens", make_int32_array(env, one.tokens)},
                                     {"logProbability", make_number(env, one.log_probability)},
                                     {"score", make_number(env, one.score)}}));
  }
  return make_array(env, made);
}

napi_value result_of(napi_env env, const Results& results) {
  std::vector<napi_value> made;
  for (const std::vector<Hypothesis>& of_source : results) {
    made.push_back(hypotheses(env, of_source));
  }
  return make_array(env, made);
}

}  // namespace

napi_value DecoderObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      method<&DecoderObject::decode_sync>("decodeSync"),
      promise_method<&DecoderObject::decode>("decode"),
      method<&DecoderObject::trim_sync>("trimSync"),
      promise_method<&DecoderObject::trim>("trim"),
      method<&DecoderObject::dispose>("dispose"),
  };
  return define_class<DecoderObject>(surface, members);
}

std::unique_ptr<DecoderObject> DecoderObject::construct(Arguments& arguments) {
  const napi_env env = arguments.env();
  // First the options: their getters may run code that disposes of the model.
  const OptionReader from(Napi::Value(env, arguments[1]), "options");
  const std::size_t given_target = from.size("target", 0);
  const std::size_t given_output = from.size("output", 0);
  const ModelObject& model = unwrap<ModelObject>(arguments, arguments[0], "model", "a NativeModel");
  const std::shared_ptr<SharedModel>& shared = model.shared();
  const auto idle = shared->idle_object(env, "new Decoder", "await it first");
  const GraphOptions& graph = shared->object()->graph().options();
  const std::size_t target = check_index("target", given_target, graph.inputs.size());
  const std::size_t output = check_index("output", given_output, graph.outputs.size());
  std::unique_ptr<Decoder> decoder;
  check(Decoder::create(shared->object(), target, output, decoder));
  return std::make_unique<DecoderObject>(model,
                                         Owned<Decoder>(shared->queue(), std::move(decoder)));
}

DecoderObject::DecoderObject(const ModelObject& model, Owned<Decoder> decoder)
    : names_(model.names()), owned_(model.shared(), std::move(decoder)) {
  const DecoderParts& parts = owned_.object()->parts();
  step_form_ = std::make_shared<const StepForm>(StepForm{names_, {parts.target}, {parts.output}});
}

const std::shared_ptr<Decoder>& DecoderObject::decoder() const {
  const std::shared_ptr<Decoder>& found = owned_.object();
  if (!found) refuse_disposed("decoder");
  return found;
}

napi_value DecoderObject::decode_sync(Arguments& arguments) {
  const GivenCall call = read_given_inputs(arguments.env(), arguments[0]);
  const DecodeOptions options = read_options(Napi::Value(arguments.env(), arguments[1]));
  Decoder& found = *decoder();
  Results results;
  {
    const auto model =
        owned_.shared().idle_object(arguments.env(), "model.translateSync",
                                    "await it, or call model.translate, which waits for its turn");
    const std::vector<InputBatch> inputs = read_inputs(call, model->graph(), *names_);
    check(found.decode({inputs, options}, results));
  }
  return result_of(arguments.env(), results);
}

napi_value DecoderObject::decode(Arguments& arguments) {
  const GivenCall call = read_given_inputs(arguments.env(), arguments[0]);
  const DecodeOptions options = read_options(Napi::Value(arguments.env(), arguments[1]));
  const std::shared_ptr<Decoder> found = decoder();
  SharedModel& model = owned_.shared();
  std::vector<InputBatch> inputs = read_inputs(call, model.object()->graph(), *names_);
  auto job = std::make_unique<PromiseJob>(arguments.surface(), "model.translate", model.queue(),
                                          read_abort(arguments, arguments[2]));
  keep_inputs(*job, inputs);
  const auto results = std::make_shared<Results>();
  job->work = [found, inputs, options, results, abort = &job->abort_flag()] {
    return found->decode({inputs, options, abort}, *results);
  };
  job->result = [results](Surface& surface) { return result_of(surface.env(), *results); };
  return model.start(std::move(job));
}

napi_value DecoderObject::trim_sync(Arguments& arguments) {
  owned_.shared().trim_now(arguments, "model.trim", *decoder());
  return nullptr;
}

napi_value DecoderObject::trim(Arguments& arguments) {
  return owned_.shared().start_trim(arguments, "model.trim", decoder());
}

napi_value DecoderObject::dispose(Arguments&) {
  owned_.release();
  return nullptr;
}

}  // namespace gru::binding
