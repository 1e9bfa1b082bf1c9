#include <algorithm>
#include <atomic>
#include <iterator>
#include <memory>
#include <thread>
#include <utility>
#include <vector>

#include "binding/testing/owner.h"
#include "cpu/cpu_device.h"
#include "model/session.h"
#include "testing/device_testing.h"
#include "testing/test_device.h"

/// Models and sessions that several owners use through the executor: predictions side by side,
/// steps alone and together, new parameters, aborts. Every result must have the bits of the call
/// alone.
namespace gru::binding {
namespace {

using gru::testing::coin;
using gru::testing::nan_float;
using gru::testing::Random;
using gru::testing::random_floats;
using gru::testing::same_bits;
using testing::Owner;

constexpr std::size_t features = 3;
constexpr std::size_t outputs = 2;
constexpr std::size_t steps = 12;
constexpr std::size_t session_count = 5;

GraphOptions graph_of(CellKind cell, std::size_t hidden_size) {
  RecurrentOptions stack;
  stack.cell = cell;
  stack.hidden_size = hidden_size;
  stack.num_layers = 2;
  GraphOptions graph;
  graph.inputs = {{"input", false, features}};
  graph.layers = {{"stack", {"input"}, stack}, {"head", {"stack"}, LinearOptions{outputs}}};
  graph.outputs = {{"head", {LossKind::mean_squared_error}}};
  return graph;
}

std::shared_ptr<Model> make_model(const GraphOptions& graph) {
  std::unique_ptr<Model> model;
  GRU_CHECK_OK(Model::create(graph, gru::testing::test_device(), 1, model));
  return model;
}

/// The first `batch` sequences of a large input [steps, most_batch, features].
struct Example {
  std::size_t batch;
  std::vector<float> input;  ///< [steps, batch, features]

  Example(Random& random, std::size_t sequences)
      : batch(sequences), input(random_floats(random, steps * sequences * features)) {}

  Status predict(Model& model, std::vector<float>& output, const AbortFlag* abort = nullptr) const {
    output.assign(steps * batch * outputs, nan_float);
    const InputBatch inputs[] = {{{steps, batch, {}}, input, {}}};
    const std::span<float> rooms[] = {output};
    return model.predict({.inputs = inputs, .outputs = rooms, .abort = abort});
  }
  std::vector<float> predicted(Model& model) const {
    std::vector<float> output;
    GRU_CHECK_OK(predict(model, output));
    return output;
  }
};

/// A session of one sequence, how many of its steps were made, and what they must return.
struct Stream {
  std::unique_ptr<Session> session;
  Example example;
  std::vector<float> wanted;  ///< [steps, outputs]
  std::size_t next = 0;

  Stream(const std::shared_ptr<Model>& model, Random& random)
      : example(random, 1), wanted(example.predicted(*model)) {
    GRU_CHECK_OK(Session::create(model, 1, session));
  }

  std::span<const float> input() const {
    return std::span(example.input).subspan(next * features, features);
  }
  /// Counts a step that returned `output`, and begins again after the last one.
  void made(std::span<const float> output) {
    CHECK(same_bits(output, std::span(wanted).subspan(next * outputs, outputs)));
    if (++next < steps) return;
    next = 0;
    ++rounds_;
    session->reset_to(rounds_);
  }

 private:
  std::uint64_t rounds_ = 0;
};

/// One step of some streams as one call. A step that is aborted does not count.
void step_together(std::span<Stream* const> streams, const AbortFlag& abort) {
  std::vector<Session*> sessions;
  std::vector<float> input;
  for (Stream* const stream : streams) {
    sessions.push_back(stream->session.get());
    std::ranges::copy(stream->input(), std::back_inserter(input));
  }
  std::vector<float> output(streams.size() * outputs, nan_float);
  const InputBatch inputs[] = {{{1, streams.size(), {}}, input, {}}};
  const std::span<float> rooms[] = {output};
  const Status status = Session::step_together(sessions, {inputs, rooms, &abort});
  if (status.code() == StatusCode::aborted) return;
  GRU_CHECK_OK(status);
  for (std::size_t i = 0; i < streams.size(); ++i) {
    streams[i]->made(std::span(output).subspan(i * outputs, outputs));
  }
}

/// A model with its queue and sessions, and examples with what they must return.
class Served {
 public:
  Served(Random& random, CellKind cell, std::size_t hidden_size)
      : model_(make_model(graph_of(cell, hidden_size))) {
    for (const std::size_t batch : {1U, 4U, 24U}) {
      examples_.emplace_back(random, batch);
      wanted_.push_back(examples_.back().predicted(*model_));
    }
    for (std::size_t i = 0; i < session_count; ++i) streams_.emplace_back(model_, random);
  }

  std::shared_ptr<AbortFlag> predict(Owner& owner, std::size_t number) {
    return owner.start(queue_, JobAccess::shared(), [this, number](const AbortFlag& abort) {
      const cpu::ComputingThread computing;
      std::vector<float> output;
      const Status status = examples_[number].predict(*model_, output, &abort);
      if (status.code() == StatusCode::aborted) return;
      GRU_CHECK_OK(status);
      CHECK(same_bits(output, wanted_[number]));
    });
  }

  /// A step of the first `count` sessions after number `first`.
  std::shared_ptr<AbortFlag> step(Owner& owner, std::size_t first, std::size_t count) {
    std::vector<Stream*> chosen;
    std::vector<const void*> parts;
    for (std::size_t i = 0; i < count; ++i) {
      chosen.push_back(&streams_[(first + i) % session_count]);
      parts.push_back(chosen.back()->session.get());
    }
    return owner.start(queue_, JobAccess::shared(std::move(parts)),
                       [chosen](const AbortFlag& abort) {
                         const cpu::ComputingThread computing;
                         step_together(chosen, abort);
                       });
  }

  /// Writes other parameters and the old ones again, as one job: no other job may see the others.
  void disturb(Owner& owner) {
    owner.start(queue_, JobAccess::exclusive(), [this](const AbortFlag&) {
      std::vector<float> old(model_->layout().count());
      GRU_CHECK_OK(model_->read_parameters(old));
      const std::vector<float> others(old.size(), 0.5F);
      GRU_CHECK_OK(model_->write_parameters(others));
      CHECK(!same_bits(examples_[0].predicted(*model_), wanted_[0]));
      GRU_CHECK_OK(model_->write_parameters(old));
    });
  }

  /// A copy of a session's states, which is released while jobs are pending.
  void fork(Owner& owner, std::size_t number) {
    std::unique_ptr<Session> made;
    GRU_CHECK_OK(Session::create(model_, 1, made));
    const std::shared_ptr<Session> copy = std::move(made);
    const Session& from = *streams_[number].session;
    owner.start(queue_, JobAccess::shared({&from, copy.get()}), [&from, copy](const AbortFlag&) {
      GRU_CHECK_OK(copy->copy_from(from));
      std::vector<float> states(*from.value_count().elements(), nan_float);
      std::vector<float> copied = states;
      GRU_CHECK_OK(from.read_states(states));
      GRU_CHECK_OK(copy->read_states(copied));
      CHECK(same_bits(states, copied));
    });
    queue_->release(copy);
  }

 private:
  std::shared_ptr<Model> model_;
  std::shared_ptr<JobQueue> queue_ = std::make_shared<JobQueue>(cpu::threads);
  std::vector<Example> examples_;
  std::vector<std::vector<float>> wanted_;  ///< of each example
  std::vector<Stream> streams_;
};

std::shared_ptr<AbortFlag> start_one(Served& served, Owner& owner, Random& random) {
  switch (random.size(0, 9)) {
    case 0:
      served.disturb(owner);
      return nullptr;
    case 1:
      served.fork(owner, random.size(0, session_count - 1));
      return nullptr;
    case 2:
    case 3:
    case 4:
      return served.predict(owner, random.size(0, 2));
    default:
      return served.step(owner, random.size(0, session_count - 1), random.size(1, session_count));
  }
}

/// What one owner does: calls of two models in a random order, some of them aborted.
void serve(Random& random, std::size_t calls) {
  const std::size_t odd = random.size(1, 20);
  Served models[] = {{random, CellKind::gru, odd}, {random, CellKind::lstm, 64}};
  Owner owner;
  std::vector<std::shared_ptr<AbortFlag>> flags;
  for (std::size_t call = 0; call < calls; ++call) {
    if (auto flag = start_one(models[random.size(0, 1)], owner, random)) flags.push_back(flag);
    if (!flags.empty() && random.size(0, 4) == 0) {
      owner.abort(*flags[random.size(0, flags.size() - 1)]);
    }
    if (random.size(0, 30) == 0) {
      owner.finish();
      flags.clear();
    } else if (coin(random)) {
      owner.settle();
    }
  }
  // Half of the owners end while calls are pending.
  if (coin(random)) owner.finish();
}

TEST_CASE("calls of several owners, models and sessions have the bits of the calls alone") {
  gru::testing::set_schedule(3);
  Random seeds;
  std::vector<std::thread> owners;
  for (std::size_t i = 0; i < 3; ++i) {
    owners.emplace_back([skipped = seeds.size(0, 1000)] {
      Random random;
      random.values(skipped);
      for (int round = 0; round < 10; ++round) serve(random, 120);
    });
  }
  for (std::thread& owner : owners) owner.join();
}

TEST_CASE("predictions that begin together after a change of parameters have the new ones") {
  constexpr unsigned together = 3;
  gru::testing::set_schedule(together);
  Random random;
  const std::shared_ptr<Model> model = make_model(graph_of(CellKind::gru, 48));
  const auto queue = std::make_shared<JobQueue>(cpu::threads);
  const Example example(random, 1);
  Owner owner;
  for (int round = 0; round < 40; ++round) {
    const std::vector<float> parameters = random_floats(random, model->layout().count(), 0.1);
    GRU_CHECK_OK(model->write_parameters(parameters));
    const std::shared_ptr<Model> alone = make_model(model->graph().options());
    GRU_CHECK_OK(alone->write_parameters(parameters));
    const std::vector<float> wanted = example.predicted(*alone);
    std::atomic<unsigned> met{0};
    for (unsigned i = 0; i < together; ++i) {
      owner.start(queue, JobAccess::shared(), [&](const AbortFlag&) {
        ++met;
        while (met < together) std::this_thread::yield();
        CHECK(same_bits(example.predicted(*model), wanted));
      });
    }
    owner.finish();
  }
}

}  // namespace
}  // namespace gru::binding
