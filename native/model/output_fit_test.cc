#include "model/output_fit.h"

#include "testing/check_near.h"
#include "testing/random_cases.h"

namespace gru {
namespace {

EdgeShape shape_of(std::size_t width, Every every = Every::step) {
  EdgeShape shape;
  shape.width = width;
  shape.every = every;
  return shape;
}

void refuse(const LossOptions& loss, const EdgeShape& shape, const char* message) {
  GRU_CHECK_REFUSED(check_output({"head", loss}, shape), StatusCode::value, message);
}

LossOptions weighted_classes() {
  LossOptions loss{LossKind::cross_entropy};
  loss.class_weights = {1, 2};
  return loss;
}

LossOptions positive_weights() {
  LossOptions loss{LossKind::binary_cross_entropy};
  loss.positive_weights = {1, 2};
  return loss;
}

LossOptions two_quantiles() {
  LossOptions loss{LossKind::quantile};
  loss.quantiles = {0.1F, 0.9F};
  return loss;
}

TEST_CASE("losses that do not fit the output are refused by name") {
  refuse(weighted_classes(), shape_of(3),
         "outputs.head.loss.classWeights: expected a weight for each of the output's 3 values, "
         "got 2");
  refuse(positive_weights(), shape_of(1), "outputs.head.loss.positiveWeights: expected a weight");
  refuse(two_quantiles(), shape_of(3),
         "outputs.head.loss.quantiles: expected an output of a multiple of 2 values, one for each "
         "quantile, got 3");
  refuse({LossKind::quantile}, shape_of(3),
         "outputs.head.loss.quantiles: expected at least one, got none");
  refuse({LossKind::gaussian}, shape_of(3),
         "outputs.head.loss: expected an output of a multiple of 2 values, means and log "
         "variances, got 3");
  refuse({LossKind::ctc}, shape_of(4, Every::last),
         "outputs.head.loss: expected an output at every step, got one row for each sequence");
  refuse({LossKind::ctc}, shape_of(1),
         "outputs.head.loss: expected an output of at least 2 values, the blank and one label, "
         "got 1");
}

TEST_CASE("losses that fit pass") {
  for (const Every every : {Every::step, Every::last}) {
    GRU_CHECK_OK(check_output({"head", weighted_classes()}, shape_of(2, every)));
    GRU_CHECK_OK(check_output({"head", positive_weights()}, shape_of(2, every)));
    GRU_CHECK_OK(check_output({"head", two_quantiles()}, shape_of(4, every)));
    GRU_CHECK_OK(check_output({"head", {LossKind::gaussian}}, shape_of(2, every)));
    GRU_CHECK_OK(check_output({"head", {LossKind::cross_entropy}}, shape_of(1, every)));
    GRU_CHECK_OK(check_output({"head", {LossKind::huber}}, shape_of(1, every)));
  }
  GRU_CHECK_OK(check_output({"head", {LossKind::ctc}}, shape_of(2)));
}

TEST_CASE("messages call an output as its caller does") {
  OutputOptions output{"head", {LossKind::gaussian}};
  output.argument = "output";
  GRU_CHECK_REFUSED(check_output(output, shape_of(3)), StatusCode::value, "output.loss: ");
}

}  // namespace
}  // namespace gru
