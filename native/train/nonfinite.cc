#include "train/nonfinite.h"

#include <algorithm>
#include <cmath>
#include <vector>

namespace gru {

namespace {

bool is_finite(std::span<const float> values) {
  return std::ranges::all_of(values, [](float value) { return std::isfinite(value); });
}

/// Row by row, since the memory between the rows of a matrix has no values.
Status look_at(Device& device, DeviceMatrix<const float> values, bool& finite) {
  std::vector<float> row(values.columns());
  finite = true;
  if (values.is_dense()) row.resize(values.rows() * values.columns());
  const std::size_t parts = values.is_dense() ? 1 : values.rows();
  for (std::size_t i = 0; i < parts && finite && !row.empty(); ++i) {
    const DeviceSpan<const float> part(values.data() + i * values.stride(), row.size());
    GRU_RETURN_IF_ERROR(device.download(row, part));
    finite = is_finite(row);
  }
  return {};
}

/// The text of a number as in JavaScript.
const char* name_of(double value) {
  if (std::isnan(value)) return "NaN";
  return value > 0 ? "Infinity" : "-Infinity";
}

}  // namespace

Status find_nonfinite_edge(Device& device, const Graph& graph, const GraphPass& pass,
                           std::string& where) {
  where.clear();
  for (std::size_t i = 0; i < graph.edge_count(); ++i) {
    bool finite = false;
    GRU_RETURN_IF_ERROR(look_at(device, graph.edge(pass, i).values, finite));
    if (finite) continue;
    where = graph.edge_description(i);
    return {};
  }
  return {};
}

Status find_nonfinite_gradient(Device& device, const ParameterLayout& layout,
                               DeviceSpan<const float> gradients, std::string& where) {
  where.clear();
  std::vector<float> values(gradients.size());
  GRU_RETURN_IF_ERROR(device.download(values, gradients));
  const std::vector<ParameterSpec>& specs = layout.specs();
  for (std::size_t i = specs.size(); i-- > 0;) {
    if (is_finite(std::span(values).subspan(specs[i].offset, specs[i].count))) continue;
    where = "the gradient of \"" + specs[i].name + '"';
    return {};
  }
  return {};
}

Status nonfinite_step(std::uint64_t step, const std::string& what, double value,
                      const std::string& where) {
  return Status::nonfinite("step " + std::to_string(step) + ": " + what +
                           ": expected a finite number, got " + name_of(value) +
                           (where.empty() ? "" : "; it began in " + where) +
                           ". The step changed nothing. Look for NaN, infinity and very large "
                           "numbers in the batch and the parameters; a lower learning rate keeps "
                           "parameters from growing");
}

}  // namespace gru
