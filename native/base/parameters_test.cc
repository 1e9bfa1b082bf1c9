#include "base/parameters.h"

#include <cstdint>
#include <string>
#include <vector>

#include "testing/testing.h"

namespace gru {
namespace {

struct Expected {
  std::string name;
  std::vector<std::size_t> shape;
};

/// The layout must hold these tensors, in this order, without gaps.
void check_specs(const ParameterLayout& layout, const std::vector<Expected>& expected) {
  GRU_CHECK(layout.specs().size() == expected.size());
  std::size_t offset = 0;
  for (std::size_t i = 0; i < layout.specs().size() && i < expected.size(); ++i) {
    const ParameterSpec& spec = layout.specs()[i];
    std::size_t count = 1;
    for (const std::size_t extent : expected[i].shape) count *= extent;
    const bool same = spec.name == expected[i].name && spec.shape == expected[i].shape &&
                      spec.offset == offset && spec.count == count;
    if (!same)
      testing::fail(__FILE__, __LINE__, "expected " + expected[i].name + ", got " + spec.name);
    offset += count;
  }
  GRU_CHECK(layout.count() == offset);
}

std::size_t offset_of(const ParameterLayout& layout, const std::string& name) {
  for (const ParameterSpec& spec : layout.specs()) {
    if (spec.name == name) return spec.offset;
  }
  testing::fail(__FILE__, __LINE__, "no tensor " + name);
  return 0;
}

GruOptions stack_options() {
  GruOptions options;
  options.input_size = 5;
  options.hidden_size = 2;
  options.num_layers = 2;
  options.bidirectional = true;
  return options;
}

GRU_TEST(a_stack_has_pytorchs_tensors_in_pytorchs_order) {
  ParameterLayout layout;
  GRU_CHECK(ParameterLayout::of_gru(stack_options(), layout).is_ok());
  check_specs(layout, {{"weight_ih_l0", {6, 5}},
                       {"weight_hh_l0", {6, 2}},
                       {"bias_ih_l0", {6}},
                       {"bias_hh_l0", {6}},
                       {"weight_ih_l0_reverse", {6, 5}},
                       {"weight_hh_l0_reverse", {6, 2}},
                       {"bias_ih_l0_reverse", {6}},
                       {"bias_hh_l0_reverse", {6}},
                       {"weight_ih_l1", {6, 4}},
                       {"weight_hh_l1", {6, 2}},
                       {"bias_ih_l1", {6}},
                       {"bias_hh_l1", {6}},
                       {"weight_ih_l1_reverse", {6, 4}},
                       {"weight_hh_l1_reverse", {6, 2}},
                       {"bias_ih_l1_reverse", {6}},
                       {"bias_hh_l1_reverse", {6}}});
}

GRU_TEST(the_offsets_of_each_layer_and_direction_are_those_of_its_tensors) {
  ParameterLayout layout;
  GRU_CHECK(ParameterLayout::of_gru(stack_options(), layout).is_ok());
  for (std::size_t layer = 0; layer < 2; ++layer) {
    for (std::size_t direction = 0; direction < 2; ++direction) {
      const std::string suffix = "_l" + std::to_string(layer) + (direction == 1 ? "_reverse" : "");
      const GruParameterOffsets& offsets = layout.gru(layer, direction);
      GRU_CHECK(offsets.weight_ih == offset_of(layout, "weight_ih" + suffix));
      GRU_CHECK(offsets.weight_hh == offset_of(layout, "weight_hh" + suffix));
      GRU_CHECK(offsets.bias_ih == offset_of(layout, "bias_ih" + suffix));
      GRU_CHECK(offsets.bias_hh == offset_of(layout, "bias_hh" + suffix));
    }
  }
}

GRU_TEST(a_stack_without_bias_has_no_bias_tensors) {
  GruOptions options = stack_options();
  options.bias = false;
  options.bidirectional = false;
  ParameterLayout layout;
  GRU_CHECK(ParameterLayout::of_gru(options, layout).is_ok());
  check_specs(layout, {{"weight_ih_l0", {6, 5}},
                       {"weight_hh_l0", {6, 2}},
                       {"weight_ih_l1", {6, 2}},
                       {"weight_hh_l1", {6, 2}}});
}

GRU_TEST(a_model_has_its_embedding_before_the_stack_and_its_head_behind) {
  ModelOptions options;
  options.gru.input_size = 3;
  options.gru.hidden_size = 2;
  options.gru.bidirectional = true;
  options.gru.bias = false;
  options.output_size = 7;
  std::vector<Expected> expected = {{"gru.weight_ih_l0", {6, 3}},
                                    {"gru.weight_hh_l0", {6, 2}},
                                    {"gru.weight_ih_l0_reverse", {6, 3}},
                                    {"gru.weight_hh_l0_reverse", {6, 2}},
                                    {"head.weight", {7, 4}},
                                    {"head.bias", {7}}};
  ParameterLayout layout;
  GRU_CHECK(ParameterLayout::of_model(options, layout).is_ok());
  check_specs(layout, expected);

  options.input = InputKind::tokens;
  options.tokens = 11;
  expected.insert(expected.begin(), {"embedding.weight", {11, 3}});
  GRU_CHECK(ParameterLayout::of_model(options, layout).is_ok());
  check_specs(layout, expected);
  GRU_CHECK(layout.embedding_weight() == offset_of(layout, "embedding.weight"));
  GRU_CHECK(layout.gru(0, 1).weight_hh == offset_of(layout, "gru.weight_hh_l0_reverse"));
  GRU_CHECK(layout.head_weight() == offset_of(layout, "head.weight"));
  GRU_CHECK(layout.head_bias() == offset_of(layout, "head.bias"));
}

/// The call must fail, name `part`, and leave the layout that was there.
template <class Change>
void check_refused(const std::string& part, Change&& change) {
  ModelOptions options;
  options.input = InputKind::tokens;
  options.tokens = 11;
  options.gru = stack_options();
  options.output_size = 7;
  ParameterLayout layout;
  GRU_CHECK(ParameterLayout::of_model(options, layout).is_ok());
  const std::size_t count = layout.count();
  change(options);
  const Status status = ParameterLayout::of_model(options, layout);
  const bool refused =
      status.code() == StatusCode::value && status.message().starts_with(part + ": expected ");
  if (!refused) {
    testing::fail(__FILE__, __LINE__,
                  "expected a failure at " + part + ", got: " + status.message());
  }
  GRU_CHECK(layout.count() == count);
}

GRU_TEST(zero_and_absurd_sizes_are_refused_by_name) {
  for (const std::size_t size : {std::size_t{0}, std::size_t{1} << 40, SIZE_MAX}) {
    check_refused("inputSize", [&](ModelOptions& options) { options.gru.input_size = size; });
    check_refused("hiddenSize", [&](ModelOptions& options) { options.gru.hidden_size = size; });
    check_refused("numLayers", [&](ModelOptions& options) { options.gru.num_layers = size; });
    check_refused("input.tokens", [&](ModelOptions& options) { options.tokens = size; });
    check_refused("output.size", [&](ModelOptions& options) { options.output_size = size; });
  }
  check_refused("numLayers", [](ModelOptions& options) { options.gru.num_layers = 1025; });
  for (const float dropout : {-0.1F, 1.0F, __builtin_nanf("")}) {
    check_refused("dropout", [&](ModelOptions& options) { options.gru.dropout = dropout; });
  }
}

GRU_TEST(products_of_sizes_that_overflow_are_refused_by_the_tensors_name) {
  constexpr std::size_t large = std::size_t{1} << 28;
  check_refused("gru.weight_hh_l0", [](ModelOptions& options) { options.gru.hidden_size = large; });
  check_refused("embedding.weight",
                [](ModelOptions& options) { options.tokens = options.gru.input_size = large; });
}

}  // namespace
}  // namespace gru

GRU_TEST_MAIN
