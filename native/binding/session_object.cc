#include "binding/session_object.h"

#include <string>
#include <unordered_set>
#include <utility>

#include "binding/abort_object.h"
#include "binding/model_call.h"
#include "binding/option_reader.h"
#include "binding/promise_job.h"

namespace gru::binding {

namespace {

/// May run JavaScript code: getters of the lists.
void read_given(napi_env env, const StepForm& form, napi_value inputs, napi_value outputs,
                StepArrays& arrays) {
  arrays.given.clear();
  const auto read = [&](napi_value list, const char* name, std::size_t expected) {
    const std::size_t before = arrays.given.size();
    read_list(env, list, name, [&](napi_value value) { arrays.given.push_back(value); });
    const std::size_t length = arrays.given.size() - before;
    if (length != expected) {
      refuse_value(name, "an Array of " + std::to_string(expected),
                   "an Array of " + std::to_string(length));
    }
  };
  read(inputs, "inputs", form.inputs.size());
  read(outputs, "outputs", form.outputs.size());
}

/// Reads the given arrays of a step of `batch` sequences in place.
void read_arrays(napi_env env, const Graph& graph, const StepForm& form, std::size_t batch,
                 StepArrays& arrays) {
  const BatchShape shape{1, batch, {}};
  arrays.inputs.resize(form.inputs.size());
  for (std::size_t i = 0; i < arrays.inputs.size(); ++i) {
    const std::size_t place = form.inputs[i];
    const char* name = form.names->inputs[place].values.c_str();
    const Shape wanted = input_shape(graph, place, shape);
    InputBatch& input = arrays.inputs[i];
    input.shape = shape;
    if (graph.options().inputs[place].tokens) {
      input.tokens = read_tensor<const std::int32_t>(env, arrays.given[i], name, wanted);
    } else {
      input.features = read_tensor<const float>(env, arrays.given[i], name, wanted);
    }
  }
  arrays.outputs.resize(form.outputs.size());
  for (std::size_t i = 0; i < arrays.outputs.size(); ++i) {
    const std::size_t place = form.outputs[i];
    arrays.outputs[i] = read_tensor<float>(env, arrays.given[arrays.inputs.size() + i],
                                           form.names->predictions[place].c_str(),
                                           predictions_shape(graph, place, shape));
  }
}

/// Copies the arrays to the job's own memory.
void keep_arrays(napi_env env, const StepForm& form, PromiseJob& job, StepArrays& arrays) {
  keep_inputs(job, arrays.inputs);
  for (std::size_t i = 0; i < arrays.outputs.size(); ++i) {
    arrays.outputs[i] =
        job.arrays.output(env, arrays.given[arrays.inputs.size() + i], arrays.outputs[i],
                          form.names->predictions[form.outputs[i]]);
  }
}

/// Arrays for one call. While a getter of the call makes another step, the other step has its own.
class BorrowedArrays {
 public:
  explicit BorrowedArrays(StepArrays& shared)
      : shared_(shared), arrays_(std::exchange(shared, {})) {}
  BorrowedArrays(const BorrowedArrays&) = delete;
  BorrowedArrays& operator=(const BorrowedArrays&) = delete;
  ~BorrowedArrays() { shared_ = std::move(arrays_); }
  StepArrays& operator*() { return arrays_; }
  StepArrays* operator->() { return &arrays_; }

 private:
  StepArrays& shared_;
  StepArrays arrays_;
};

/// The third argument of a session, a decoder of its model. Null: none was given.
const DecoderObject* read_decoder(const Arguments& arguments, const ModelObject& model) {
  if (is_undefined(arguments.env(), arguments[2])) return nullptr;
  const auto& decoder =
      unwrap<DecoderObject>(arguments, arguments[2], "decoder", "a NativeDecoder");
  if (&decoder.shared() == model.shared().get()) return &decoder;
  refuse_value("decoder", "a decoder of the model", "one of another model");
}

}  // namespace

napi_value SessionObject::define(Surface& surface) {
  const napi_property_descriptor members[] = {
      getter<&SessionObject::state_count>("stateCount"),
      method<&SessionObject::encode_sync>("encodeSync"),
      promise_method<&SessionObject::encode>("encode"),
      method<&SessionObject::step_sync>("stepSync"),
      promise_method<&SessionObject::step>("step"),
      method<&SessionObject::reset>("reset"),
      method<&SessionObject::copy_from_sync>("copyFromSync"),
      promise_method<&SessionObject::copy_from>("copyFrom"),
      method<&SessionObject::read_states_sync>("readStatesSync"),
      promise_method<&SessionObject::read_states>("readStates"),
      method<&SessionObject::write_states_sync>("writeStatesSync"),
      promise_method<&SessionObject::write_states>("writeStates"),
      method<&SessionObject::memory>("memory"),
      method<&SessionObject::dispose>("dispose"),
  };
  return define_class<SessionObject>(surface, members);
}

std::unique_ptr<SessionObject> SessionObject::construct(Arguments& arguments) {
  const ModelObject& model = unwrap<ModelObject>(arguments, arguments[0], "model", "a NativeModel");
  const std::size_t batch = read_size(arguments.env(), arguments[1], "batch", 1, max_extent);
  const DecoderObject* const decoder = read_decoder(arguments, model);
  std::unique_ptr<Session> session;
  check(decoder == nullptr ? Session::create(model.shared()->object(), batch, session)
                           : Session::create(decoder->decoder(), batch, session));
  return std::make_unique<SessionObject>(
      model, decoder == nullptr ? model.step_form() : decoder->step_form(), std::move(session));
}

SessionObject::SessionObject(const ModelObject& model, std::shared_ptr<const StepForm> form,
                             std::unique_ptr<Session> session)
    : owned_(model.shared(), Owned<Session>(model.shared()->queue(), std::move(session))),
      form_(std::move(form)),
      arrays_(model.step_arrays()) {}

const std::shared_ptr<Session>& SessionObject::session() const {
  const std::shared_ptr<Session>& found = owned_.object();
  if (!found) refuse_disposed("session");
  return found;
}

SessionObject::IdleModel SessionObject::idle_model(const Arguments& arguments, const char* call,
                                                   const char* remedy) const {
  session();
  return owned_.shared().idle_object(arguments.env(), call, remedy);
}

std::unique_ptr<PromiseJob> SessionObject::create_job(const Arguments& arguments, const char* call,
                                                      std::size_t abort_argument) const {
  return std::make_unique<PromiseJob>(arguments.surface(), call, owned_.shared().queue(),
                                      read_abort(arguments, arguments[abort_argument]));
}

JobAccess SessionObject::access() const {
  if (!context_) return JobAccess::shared({session().get()});
  return JobAccess::shared({session().get(), context_.get()});
}

void SessionObject::take_context(std::shared_ptr<const Context> context) {
  if (context_ && context_ != context) {
    refuse_value("session", "one without sources", "one that has sources");
  }
  context_ = std::move(context);
}

void SessionObject::read_step(const Arguments& arguments, StepArrays& arrays) const {
  read_given(arguments.env(), *form_, arguments[0], arguments[1], arrays);
  read_arrays(arguments.env(), session()->graph(), *form_, session()->batch(), arrays);
}

napi_value SessionObject::state_count(Arguments& arguments) {
  const auto count = session()->value_count().elements();
  return make_number(arguments.env(), static_cast<double>(count.value_or(0)));
}

napi_value SessionObject::step_sync(Arguments& arguments) {
  BorrowedArrays arrays(*arrays_);
  read_step(arguments, *arrays);
  const auto model = idle_model(arguments, "session.stepSync",
                                "await it, or call session.step, which waits for its turn");
  session()->reset_to(resets_);
  check(session()->step({arrays->inputs, arrays->outputs}));
  return nullptr;
}

napi_value SessionObject::step(Arguments& arguments) {
  StepArrays arrays;
  read_step(arguments, arrays);
  std::unique_ptr<PromiseJob> job = create_job(arguments, "session.step", 2);
  job->set_access(access());
  keep_arrays(arguments.env(), *form_, *job, arrays);
  job->work = [turn = turn(), arrays, abort = &job->abort_flag()] {
    return turn.begin().step({arrays.inputs, arrays.outputs, abort});
  };
  return owned_.shared().start_step(std::move(job), session()->batch(),
                                    context_ ? context_->operations : 0);
}

napi_value SessionObject::step_together(Arguments& arguments) {
  const napi_env env = arguments.env();
  // The values are kept, so that no object is collected while a getter of a list runs.
  std::vector<napi_value> given;
  read_list(env, arguments[0], "sessions", [&](napi_value value) { given.push_back(value); });
  if (given.empty()) refuse_value("sessions", "at least one", "none");
  std::vector<const SessionObject*> objects;
  for (const napi_value value : given) {
    objects.push_back(&unwrap<SessionObject>(arguments, value, "sessions", "NativeSessions"));
  }
  const SessionObject& first = *objects[0];
  StepArrays arrays;
  read_given(env, *first.form_, arguments[1], arguments[2], arrays);
  const std::vector<Turn> turns = turns_of(objects);
  std::size_t batch = 0;
  for (const Turn& turn : turns) batch += turn.session->batch();
  read_arrays(env, first.session()->graph(), *first.form_, batch, arrays);
  std::unique_ptr<PromiseJob> job = first.create_job(arguments, "session.step", 3);
  std::vector<const void*> parts;
  for (const Turn& turn : turns) parts.push_back(turn.session.get());
  job->set_access(JobAccess::shared(std::move(parts)));
  keep_arrays(env, *first.form_, *job, arrays);
  job->work = [turns, arrays, abort = &job->abort_flag()] {
    std::vector<Session*> sessions;
    for (const Turn& turn : turns) sessions.push_back(&turn.begin());
    return Session::step_together(sessions, {arrays.inputs, arrays.outputs, abort});
  };
  return first.owned_.shared().start_step(std::move(job), batch);
}

std::vector<SessionObject::Turn> SessionObject::turns_of(
    std::span<const SessionObject* const> objects) {
  std::vector<Turn> turns;
  std::unordered_set<const SessionObject*> known;
  for (const SessionObject* const object : objects) {
    turns.push_back(object->turn());
    if (turns.back().session->decoder() != nullptr) {
      refuse_value("sessions", "sessions of a model", "one of a decoder");
    }
    if (&object->owned_.shared() != &objects[0]->owned_.shared()) {
      refuse_value("sessions", "sessions of one model", "one of another model");
    }
    if (!known.insert(object).second) {
      refuse_value("sessions", "different sessions", "one of them twice");
    }
  }
  return turns;
}

napi_value SessionObject::reset(Arguments&) {
  session();
  ++resets_;
  return nullptr;
}

std::vector<InputBatch> SessionObject::read_sources(const GivenCall& call) const {
  if (session()->decoder() == nullptr) {
    refuse_value("session", "one of a decoder", "one of a whole model");
  }
  std::vector<InputBatch> inputs = read_inputs(call, session()->graph(), *form_->names);
  const std::size_t batch = inputs[0].shape.batch;
  if (batch != session()->batch()) {
    refuse_value("batch", std::to_string(session()->batch()), std::to_string(batch));
  }
  return inputs;
}

CheckedSize SessionObject::operations_on(std::span<const InputBatch> sources) const {
  // Attention reads each value twice, and computes a function of some of them.
  constexpr std::size_t of_value = 16;
  CheckedSize rows = 0;
  for (const InputBatch& input : sources) {
    rows = rows + CheckedSize(input.shape.steps) * input.shape.batch;
  }
  return rows * session()->decoder()->parts().context_width * of_value;
}

napi_value SessionObject::encode_sync(Arguments& arguments) {
  const GivenCall call = read_given_inputs(arguments.env(), arguments[0]);
  const std::vector<InputBatch> inputs = read_sources(call);
  const auto model = idle_model(arguments, "model.sessionSync",
                                "await it, or call model.session, which waits for its turn");
  take_context(std::make_shared<const Context>(operations_on(inputs)));
  check(turn().begin().encode(inputs, nullptr));
  return nullptr;
}

napi_value SessionObject::encode(Arguments& arguments) {
  const GivenCall call = read_given_inputs(arguments.env(), arguments[0]);
  std::vector<InputBatch> inputs = read_sources(call);
  take_context(std::make_shared<const Context>(operations_on(inputs)));
  std::unique_ptr<PromiseJob> job = create_job(arguments, "model.session", 1);
  job->set_access(access());
  keep_inputs(*job, inputs);
  job->work = [turn = turn(), inputs, abort = &job->abort_flag()] {
    return turn.begin().encode(inputs, abort);
  };
  return start(std::move(job));
}

const SessionObject& SessionObject::read_other(const Arguments& arguments) const {
  const SessionObject& other =
      unwrap<SessionObject>(arguments, arguments[0], "other", "a NativeSession");
  if (&other.owned_.shared() != &owned_.shared()) {
    refuse_value("other", "a session of the same model", "one of another model");
  }
  if (other.session()->decoder() != session()->decoder()) {
    refuse_value("other", "a session of the same decoder or model", "one of another");
  }
  if (other.session()->batch() != session()->batch()) {
    refuse_value("other", "a session with batch " + std::to_string(session()->batch()),
                 "one with batch " + std::to_string(other.session()->batch()));
  }
  return other;
}

napi_value SessionObject::copy_from_sync(Arguments& arguments) {
  const SessionObject& other = read_other(arguments);
  const auto model = idle_model(arguments, "session.forkSync",
                                "await it, or call session.fork, which waits for its turn");
  take_context(other.context_);
  check(turn().begin().copy_from(other.turn().begin()));
  return nullptr;
}

napi_value SessionObject::copy_from(Arguments& arguments) {
  const SessionObject& other = read_other(arguments);
  take_context(other.context_);
  std::unique_ptr<PromiseJob> job = create_job(arguments, "session.fork", 1);
  // What is shared with the other one is not used.
  job->set_access(JobAccess::shared({session().get(), other.session().get()}));
  job->work = [turn = turn(), other = other.turn()] {
    return turn.begin().copy_from(other.begin());
  };
  return start(std::move(job));
}

napi_value SessionObject::read_states_sync(Arguments& arguments) {
  const std::span<float> target =
      read_tensor<float>(arguments.env(), arguments[0], "state", states_shape());
  const auto model = idle_model(arguments, "session.getStateSync",
                                "await it, or call session.getState, which waits for its turn");
  check(turn().begin().read_states(target));
  return nullptr;
}

napi_value SessionObject::read_states(Arguments& arguments) {
  std::span<float> target =
      read_tensor<float>(arguments.env(), arguments[0], "state", states_shape());
  std::unique_ptr<PromiseJob> job = create_job(arguments, "session.getState", 1);
  target = job->arrays.output(arguments.env(), arguments[0], target, "state");
  job->set_access(access());
  job->work = [turn = turn(), target] { return turn.begin().read_states(target); };
  return start(std::move(job));
}

napi_value SessionObject::write_states_sync(Arguments& arguments) {
  const std::span<const float> source =
      read_tensor<const float>(arguments.env(), arguments[0], "state", states_shape());
  const auto model = idle_model(arguments, "session.setStateSync",
                                "await it, or call session.setState, which waits for its turn");
  check(turn().begin().write_states(source));
  return nullptr;
}

napi_value SessionObject::write_states(Arguments& arguments) {
  std::span<const float> source =
      read_tensor<const float>(arguments.env(), arguments[0], "state", states_shape());
  std::unique_ptr<PromiseJob> job = create_job(arguments, "session.setState", 1);
  source = job->arrays.copy(source);
  job->set_access(access());
  job->work = [turn = turn(), source] { return turn.begin().write_states(source); };
  return start(std::move(job));
}

napi_value SessionObject::memory(Arguments& arguments) {
  const napi_value states = make_size(arguments.env(), session()->held_bytes());
  return make_object(arguments.env(), {{"total", states}, {"states", states}});
}

napi_value SessionObject::dispose(Arguments&) {
  owned_.release();
  return nullptr;
}

}  // namespace gru::binding
