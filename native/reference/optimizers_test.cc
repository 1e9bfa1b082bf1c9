#include "reference/optimizers.h"

#include <cmath>
#include <limits>
#include <vector>

#include "testing/random_cases.h"

namespace gru {
namespace {

/// A parameter that starts at 1, after one and after two updates with these gradients.
std::vector<double> two_updates(const OptimizerOptions& options, double first, double second) {
  std::vector<double> parameter = {1};
  std::vector<double> seen;
  ReferenceOptimizerState state;
  for (const double gradient : {first, second}) {
    GRU_CHECK_OK(reference_update(options, std::vector<double>{gradient}, state, parameter));
    seen.push_back(parameter[0]);
  }
  return seen;
}

TEST_CASE("SGD has the values computed by hand") {
  OptimizerOptions options;
  options.kind = OptimizerKind::sgd;
  options.learning_rate = 0.1;
  GRU_CHECK_ALL_NEAR("plain", two_updates(options, 1, 1), (std::vector<double>{.9, .8}), 1e-15);
  options.momentum = 0.9;  // b = 1, then 1.9
  GRU_CHECK_ALL_NEAR("momentum", two_updates(options, 1, 1), (std::vector<double>{.9, .71}), 1e-15);
  options.weight_decay = 0.5;  // g = 1, then 1
  GRU_CHECK_ALL_NEAR("L2", two_updates(options, .5, .55), (std::vector<double>{.9, .71}), 1e-15);
}

TEST_CASE("Adam has the values computed by hand") {
  OptimizerOptions options;
  options.kind = OptimizerKind::adam;
  options.learning_rate = 0.3;
  options.beta1 = 0.5;
  options.beta2 = 0.75;
  options.epsilon = 0.5;
  // m = 1/2, v = 1/4: 1 and 1 corrected; 1 / 1.5. m = 3/2, v = 7/4: 2 and 4 corrected; 2 / 2.5.
  GRU_CHECK_ALL_NEAR("plain", two_updates(options, 1, 2.5), (std::vector<double>{.8, .56}), 1e-15);
  options.weight_decay = 0.5;
  GRU_CHECK_ALL_NEAR("L2", two_updates(options, .5, 2.1), (std::vector<double>{.8, .56}), 1e-15);
  options.kind = OptimizerKind::adamw;  // each update shrinks the parameter to 0.85 of itself first
  GRU_CHECK_ALL_NEAR("decoupled", two_updates(options, 1, 2.5),
                     (std::vector<double>{.85 - .2, .65 * .85 - .24}), 1e-15);
}

TEST_CASE("RMSprop has the values computed by hand") {
  OptimizerOptions options;
  options.kind = OptimizerKind::rmsprop;
  options.learning_rate = 0.3;
  options.decay = 0.75;
  options.epsilon = 0.5;
  // v = 1: 2 / 1.5; v = 1 again: 1 / 1.5
  GRU_CHECK_ALL_NEAR("plain", two_updates(options, 2, 1), (std::vector<double>{.6, .4}), 1e-15);
  options.momentum = 0.5;  // b = 4/3, then 2/3 + 2/3
  GRU_CHECK_ALL_NEAR("momentum", two_updates(options, 2, 1), (std::vector<double>{.6, .2}), 1e-15);
  options.weight_decay = 0.5;
  GRU_CHECK_ALL_NEAR("L2", two_updates(options, 1.5, .7), (std::vector<double>{.6, .2}), 1e-15);
}

TEST_CASE("gradients are clipped by their norm and then by their values") {
  const auto clipped = [](const ClipOptions& options) {
    std::vector<double> gradients = {3, -4};
    GRU_CHECK_NEAR(reference_clip(options, gradients), 5.0, 0);
    return gradients;
  };
  const double coefficient = 1 / (5 + 1e-6);
  GRU_CHECK_ALL_NEAR("none", clipped({}), (std::vector<double>{3, -4}), 0);
  GRU_CHECK_ALL_NEAR("norm", clipped({1, 0}),
                     (std::vector<double>{3 * coefficient, -4 * coefficient}), 1e-15);
  GRU_CHECK_ALL_NEAR("wide norm", clipped({6, 0}), (std::vector<double>{3, -4}), 0);
  GRU_CHECK_ALL_NEAR("value", clipped({0, 3.5}), (std::vector<double>{3, -3.5}), 0);
  GRU_CHECK_ALL_NEAR("both", clipped({1, 0.7}), (std::vector<double>{3 * coefficient, -.7}), 1e-15);
}

TEST_CASE("clipping does not mask a NaN") {
  std::vector<double> gradients = {1, std::numeric_limits<double>::quiet_NaN()};
  CHECK(std::isnan(reference_clip({1, 1}, gradients)));
  CHECK(std::isnan(gradients[0]));
  CHECK(std::isnan(gradients[1]));
}

TEST_CASE("wrong sizes are refused by name") {
  std::vector<double> parameters(2);
  ReferenceOptimizerState state;
  GRU_CHECK_REFUSED(reference_update({}, std::vector<double>(1), state, parameters),
                    StatusCode::shape, "gradients: ");
  GRU_CHECK_OK(reference_update({}, std::vector<double>(2), state, parameters));
  parameters.resize(3);
  GRU_CHECK_REFUSED(reference_update({}, std::vector<double>(3), state, parameters),
                    StatusCode::shape, "state: ");
}

}  // namespace
}  // namespace gru
