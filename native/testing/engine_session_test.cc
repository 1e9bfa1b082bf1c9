#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "model/session.h"
#include "testing/engine_testing.h"
#include "testing/forwarding_device.h"

/// Sessions, which compute a model step by step, against predictions of whole sequences.
namespace gru {
namespace {

using testing::coin;
using testing::nan_float;
using testing::Random;
using testing::same_bits;
using testing::to_floats;

constexpr std::size_t vocabulary = 7;
constexpr std::size_t feature_count = 3;

RecurrentOptions random_stack(Random& random) {
  RecurrentOptions stack;
  stack.cell = coin(random) ? CellKind::lstm : CellKind::gru;
  if (coin(random)) stack.variant.reset = ResetGate::before;
  stack.hidden_size = random.size(1, 40);
  stack.num_layers = random.size(1, 3);
  return stack;
}

/// Two inputs that are joined, two stacks one after the other, and an output for each step beside
/// one for each sequence.
GraphOptions random_options(Random& random) {
  GraphOptions graph;
  graph.inputs = {{"features", false, feature_count}, {"tokens", true, vocabulary}};
  graph.layers = {
      {"embedding", {"tokens"}, EmbeddingOptions{random.size(1, 6)}},
      {"both", {"features", "embedding"}, ConcatOptions{}},
      {"first", {"both"}, random_stack(random)},
      {"normal", {"first"}, LayerNormOptions{}},
      {"second", {"normal"}, random_stack(random)},
      {"steps", {"second"}, LinearOptions{random.size(1, 9), Activation::tanh}},
      {"last", {coin(random) ? "second" : "normal"}, SelectOptions{SelectStep::last}},
      {"head", {"last"}, LinearOptions{random.size(1, 9)}},
  };
  graph.outputs = {{"steps", {LossKind::mean_squared_error}},
                   {"head", {LossKind::mean_squared_error}}};
  graph.batch_first = coin(random);
  return graph;
}

/// A model, and sequences in the order of steps: [steps, batch, ...].
class Stream {
 public:
  Stream(Random& random, std::size_t most_steps,
         std::unique_ptr<Device> device = testing::test_device())
      : options_(random_options(random)),
        batch_(random.size(1, 5)),
        steps_(random.size(1, most_steps)),
        features_(to_floats(random.values(steps_ * batch_ * feature_count))) {
    for (std::size_t i = 0; i < steps_ * batch_; ++i) {
      tokens_.push_back(static_cast<std::int32_t>(random.size(0, vocabulary - 1)));
    }
    std::unique_ptr<Model> made;
    GRU_CHECK_OK(Model::create(options_, std::move(device), random.size(0, 1000), made));
    model_ = std::move(made);
  }

  const std::shared_ptr<Model>& model() const { return model_; }
  std::size_t batch() const { return batch_; }
  std::size_t steps() const { return steps_; }

  std::unique_ptr<Session> open() const {
    std::unique_ptr<Session> session;
    GRU_CHECK_OK(Session::create(model_, batch_, session));
    return session;
  }

  /// The outputs after a step of several sessions together, the sessions' one after another. Each
  /// takes its own step number of the same sequences.
  std::vector<std::vector<float>> step(std::span<Session* const> sessions,
                                       std::span<const std::size_t> steps) {
    std::vector<float> features;
    std::vector<std::int32_t> tokens;
    for (const std::size_t step : steps) {
      append(features, features_, step, feature_count);
      append(tokens, tokens_, step, 1);
    }
    const std::size_t batch = batch_ * sessions.size();
    std::vector<float> by_step(batch * width(0), nan_float);
    std::vector<float> by_sequence(batch * width(1), nan_float);
    const BatchShape shape{1, batch, {}};
    const InputBatch inputs[] = {{shape, features, {}}, {shape, {}, tokens}};
    const std::span<float> rooms[] = {by_step, by_sequence};
    status = Session::step_together(sessions, {inputs, rooms});
    std::vector<std::vector<float>> outputs(sessions.size());
    for (std::size_t i = 0; i < sessions.size(); ++i) {
      append(outputs[i], by_step, i, width(0));
      append(outputs[i], by_sequence, i, width(1));
    }
    return outputs;
  }

  /// The outputs after step number `step`, by a session that computed the steps before it.
  std::vector<float> step(Session& session, std::size_t step, const AbortFlag* abort = nullptr) {
    std::vector<float> outputs = room(1);
    const auto inputs = batches(step, 1, features_, tokens_);
    const std::vector<std::span<float>> rooms = split(outputs, 1);
    status = session.step({inputs, rooms, abort});
    return outputs;
  }

  /// The outputs after the first `steps` steps, by one prediction: the last row of the steps'
  /// output, and the output for each sequence.
  std::vector<float> predict(std::size_t steps) {
    std::vector<float> features = first(features_, steps * batch_ * feature_count);
    std::vector<std::int32_t> tokens = first(tokens_, steps * batch_);
    if (options_.batch_first) {
      features = testing::swap_axes(std::span<const float>(features), steps, batch_);
      tokens = testing::swap_axes(std::span<const std::int32_t>(tokens), steps, batch_);
    }
    std::vector<float> outputs = room(steps);
    const std::vector<std::span<float>> rooms = split(outputs, steps);
    GRU_CHECK_OK(model_->predict({batches(0, steps, features, tokens), rooms}));
    const std::vector<float> by_step =
        options_.batch_first ? testing::swap_axes(std::span<const float>(rooms[0]), batch_, steps)
                             : std::vector<float>(rooms[0].begin(), rooms[0].end());
    const auto last = static_cast<std::ptrdiff_t>(rooms[0].size() / steps);
    std::vector<float> wanted(by_step.end() - last, by_step.end());
    wanted.insert(wanted.end(), rooms[1].begin(), rooms[1].end());
    return wanted;
  }

  Status status;  ///< of the last step

 private:
  template <class T>
  static std::vector<T> first(const std::vector<T>& values, std::size_t count) {
    return {values.begin(), values.begin() + static_cast<std::ptrdiff_t>(count)};
  }
  /// Appends the rows of the whole batch number `number`.
  template <class T>
  void append(std::vector<T>& to, const std::vector<T>& from, std::size_t number,
              std::size_t width) const {
    const auto begin = from.begin() + static_cast<std::ptrdiff_t>(number * batch_ * width);
    to.insert(to.end(), begin, begin + static_cast<std::ptrdiff_t>(batch_ * width));
  }
  std::size_t width(std::size_t output) const { return model_->graph().output_shape(output).width; }
  std::vector<float> room(std::size_t steps) const {
    return std::vector<float>((steps * width(0) + width(1)) * batch_, nan_float);
  }
  std::vector<std::span<float>> split(std::vector<float>& outputs, std::size_t steps) const {
    const std::size_t first = steps * width(0) * batch_;
    return {std::span(outputs).first(first), std::span(outputs).subspan(first)};
  }
  std::vector<InputBatch> batches(std::size_t from, std::size_t steps,
                                  std::span<const float> features,
                                  std::span<const std::int32_t> tokens) const {
    const BatchShape shape{steps, batch_, {}};
    const std::size_t first = from * batch_;
    const std::size_t rows = steps * batch_;
    return {{shape, features.subspan(first * feature_count, rows * feature_count), {}},
            {shape, {}, tokens.subspan(first, rows)}};
  }

  GraphOptions options_;
  std::size_t batch_;
  std::size_t steps_;
  std::vector<float> features_;
  std::vector<std::int32_t> tokens_;
  std::shared_ptr<Model> model_;
};

std::vector<float> states_of(const Session& session) {
  std::vector<float> states(*session.value_count().elements(), nan_float);
  GRU_CHECK_OK(session.read_states(states));
  return states;
}

TEST_CASE("every step of a session has the bits of a prediction of all steps until then") {
  Random random;
  for (int round = 0; round < 15; ++round) {
    Stream stream(random, 9);
    const std::unique_ptr<Session> session = stream.open();
    // A session beside it must not change its states.
    const std::unique_ptr<Session> other = stream.open();
    for (std::size_t t = 0; t < stream.steps(); ++t) {
      const std::vector<float> outputs = stream.step(*session, t);
      GRU_CHECK_OK(stream.status);
      CHECK(same_bits(outputs, stream.predict(t + 1)));
      stream.step(*other, 0);
    }
  }
}

TEST_CASE("sessions that step together have the bits that each has alone") {
  Random random;
  for (int round = 0; round < 10; ++round) {
    Stream stream(random, 5);
    std::vector<std::unique_ptr<Session>> sessions;
    std::vector<std::size_t> next(random.size(1, 5), 0);
    for (std::size_t i = 0; i < next.size(); ++i) sessions.push_back(stream.open());
    for (int turn = 0; turn < 12; ++turn) {
      // Some of the sessions, which are at different steps, take their next one.
      std::vector<Session*> together;
      std::vector<std::size_t> chosen;
      std::vector<std::size_t> steps;
      for (std::size_t i = 0; i < sessions.size(); ++i) {
        if (coin(random) || next[i] == stream.steps()) continue;
        together.push_back(sessions[i].get());
        chosen.push_back(i);
        steps.push_back(next[i]++);
      }
      if (together.empty()) continue;
      const std::vector<std::vector<float>> outputs = stream.step(together, steps);
      GRU_CHECK_OK(stream.status);
      for (std::size_t i = 0; i < chosen.size(); ++i) {
        CHECK(same_bits(outputs[i], stream.predict(steps[i] + 1)));
      }
    }
  }
}

TEST_CASE("a session that is reset begins again") {
  Random random;
  for (int round = 0; round < 5; ++round) {
    Stream stream(random, 4);
    const std::unique_ptr<Session> session = stream.open();
    for (std::size_t t = 0; t < stream.steps(); ++t) stream.step(*session, t);
    session->reset_to(1);
    CHECK(same_bits(states_of(*session), std::vector<float>(states_of(*session).size(), 0)));
    CHECK(same_bits(stream.step(*session, 0), stream.predict(1)));
    // A reset that is known already changes nothing.
    session->reset_to(1);
    if (stream.steps() > 1) CHECK(same_bits(stream.step(*session, 1), stream.predict(2)));
  }
}

TEST_CASE("a copy of a session goes on with its states and leaves it alone") {
  Random random;
  for (int round = 0; round < 5; ++round) {
    Stream stream(random, 6);
    const std::unique_ptr<Session> session = stream.open();
    const std::unique_ptr<Session> copy = stream.open();
    for (std::size_t t = 0; t < stream.steps(); ++t) {
      GRU_CHECK_OK(copy->copy_from(*session));
      CHECK(same_bits(states_of(*copy), states_of(*session)));
      // The copy takes another way, which must not be seen by the session.
      stream.step(*copy, 0);
      CHECK(same_bits(stream.step(*session, t), stream.predict(t + 1)));
    }
  }
}

TEST_CASE("states move to another model of the same parameters") {
  Random random;
  for (int round = 0; round < 5; ++round) {
    Stream stream(random, 6);
    std::unique_ptr<Session> session = stream.open();
    for (std::size_t t = 0; t < stream.steps(); ++t) {
      const std::vector<float> states = states_of(*session);
      session = stream.open();
      GRU_CHECK_OK(session->write_states(states));
      CHECK(same_bits(stream.step(*session, t), stream.predict(t + 1)));
    }
  }
}

TEST_CASE("a step that fails or is aborted leaves the states as they were") {
  Random random;
  Stream stream(random, 4);
  const std::unique_ptr<Session> session = stream.open();
  const AbortFlag abort{true};
  for (std::size_t t = 0; t < stream.steps(); ++t) {
    const std::vector<float> states = states_of(*session);
    stream.step(*session, t, &abort);
    CHECK(stream.status.code() == StatusCode::aborted);
    CHECK(same_bits(states_of(*session), states));
    CHECK(same_bits(stream.step(*session, t), stream.predict(t + 1)));
  }
}

/// A device whose copies may fail.
class FailingDevice final : public testing::ForwardingDevice {
 public:
  struct Copies {
    std::size_t count = 0;
    std::size_t failing = 0;  ///< the number of the copy that fails; 0: none
  };

  explicit FailingDevice(Copies& copies)
      : ForwardingDevice(testing::test_device()), copies_(copies) {}

  Status copy(DeviceMatrix<float> to, DeviceMatrix<const float> from) override {
    if (++copies_.count == copies_.failing) return Status::device("out of order");
    return ForwardingDevice::copy(to, from);
  }

 private:
  Copies& copies_;
};

void check_lost(const Session& session, Stream& stream, Session& stepped) {
  std::vector<float> states(*session.value_count().elements());
  CHECK(session.read_states(states).code() == StatusCode::device);
  stream.step(stepped, 1);
  CHECK(stream.status.code() == StatusCode::device);
}

TEST_CASE("if the device fails while it copies states, they are lost until there are others") {
  Random random;
  for (const bool together : {false, true}) {
    FailingDevice::Copies copies;
    Stream stream(random, 4, std::make_unique<FailingDevice>(copies));
    const std::unique_ptr<Session> session = stream.open();
    const std::unique_ptr<Session> other = stream.open();
    Session* const both[] = {session.get(), other.get()};
    const std::size_t steps[] = {0, 0};
    const auto step = [&] {
      if (together) {
        stream.step(both, steps);
      } else {
        stream.step(*session, 0);
      }
    };
    step();
    GRU_CHECK_OK(stream.status);
    const std::vector<float> states = states_of(*session);
    copies = {};
    step();
    GRU_CHECK_OK(stream.status);
    GRU_CHECK_OK(session->write_states(states));
    // The last copy of a step is one of the new states.
    copies = {0, copies.count};
    step();
    CHECK(stream.status.code() == StatusCode::device);
    CHECK(stream.status.message() == "out of order");
    check_lost(*session, stream, *session);
    CHECK(other->copy_from(*session).code() == StatusCode::device);
    if (together) check_lost(*other, stream, *other);
    GRU_CHECK_OK(session->write_states(states));
    CHECK(same_bits(states_of(*session), states));
    other->reset_to(1);
    CHECK(same_bits(stream.step(*other, 0), stream.predict(1)));
    // The first copy of a common step comes before the computation.
    copies = {0, together ? std::size_t{1} : std::size_t{0}};
    if (together) step();
    CHECK(same_bits(states_of(*session), states));
  }
}

TEST_CASE("sessions follow a change of the parameters") {
  Random random;
  Stream stream(random, 4);
  const std::unique_ptr<Session> session = stream.open();
  const std::vector<float> before = stream.step(*session, 0);
  std::vector<float> parameters(stream.model()->layout().count());
  GRU_CHECK_OK(stream.model()->read_parameters(parameters));
  for (float& value : parameters) value = -value;
  GRU_CHECK_OK(stream.model()->write_parameters(parameters));
  session->reset_to(1);
  const std::vector<float> after = stream.step(*session, 0);
  CHECK(!same_bits(after, before));
  CHECK(same_bits(after, stream.predict(1)));
}

void check_refused(const GraphOptions& options, const std::string& message) {
  std::unique_ptr<Model> model;
  std::unique_ptr<Session> session;
  GRU_CHECK_OK(Model::create(options, testing::test_device(), 1, model));
  const Status status = Session::create(std::shared_ptr<Model>(std::move(model)), 1, session);
  CHECK(status.code() == StatusCode::value);
  CHECK(status.message() == message);
}

TEST_CASE("layers that need whole sequences are refused by name") {
  RecurrentOptions both_ways;
  both_ways.hidden_size = 4;
  both_ways.bidirectional = true;
  RecurrentOptions one_way = both_ways;
  one_way.bidirectional = false;
  GraphOptions graph;
  graph.inputs = {{"x", false, 4}, {"notes", false, 4}};
  graph.layers = {{"memory", {"x"}, both_ways}};
  graph.outputs = {{"memory", {LossKind::mean_squared_error}}};
  const std::string whole =
      ": expected a layer that computes step by step, got one that looks at whole sequences";
  GraphOptions bidirectional = graph;
  bidirectional.inputs.pop_back();
  check_refused(bidirectional, "layers.memory" + whole);
  GraphOptions mean = bidirectional;
  mean.layers = {{"memory", {"x"}, one_way}, {"mean", {"memory"}, SelectOptions{SelectStep::mean}}};
  mean.outputs = {{"mean", {LossKind::mean_squared_error}}};
  check_refused(mean, "layers.mean" + whole);
  const auto early = [](const std::string& source) {
    return ": expected a layer that computes step by step, got one that needs " + source +
           " before the first step";
  };
  graph.layers = {{"memory", {"x"}, one_way}, {"context", {"memory", "notes"}, AttentionOptions{}}};
  graph.outputs = {{"context", {LossKind::mean_squared_error}}};
  check_refused(graph, "layers.context" + early("inputs.notes"));
  graph.layers = {{"row", {"notes"}, SelectOptions{SelectStep::last}},
                  {"memory", {"x", "row"}, one_way}};
  graph.outputs = {{"memory", {LossKind::mean_squared_error}}};
  check_refused(graph, "layers.memory" + early("layers.row"));
}

}  // namespace
}  // namespace gru
