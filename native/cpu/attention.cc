#include "cpu/attention.h"

#include "cpu/isa.h"
#include "cpu/products/product.h"
#include "cpu/threads/threads.h"

namespace gru::cpu {

namespace {

SequenceSteps steps_of(const SequenceRows& rows, std::int32_t position) {
  if (position < 0) return {rows.first.data(), 0, 0};
  const auto i = static_cast<std::size_t>(position);
  return {rows.first.data(), i, static_cast<std::size_t>(rows.length.data()[i])};
}

ConstRows rows_of(DeviceMatrix<const float> matrix) { return {matrix.data(), matrix.stride()}; }
Rows rows_of(DeviceMatrix<float> matrix) { return {matrix.data(), matrix.stride()}; }

/// Calls body(query's steps, memory's steps) for each sequence of the query. Sequences are sorted
/// by decreasing length, so threads take them in turn to get equal work.
template <class Body>
void for_each_sequence(const AttentionRows& rows, double work, const Body& body) {
  parallel(threads_for(work), [&](unsigned index, Team& team) {
    for (std::size_t i = index; i < rows.query.sequences; i += team.size()) {
      body(steps_of(rows.query, static_cast<std::int32_t>(i)),
           steps_of(rows.memory, rows.memory_position.data()[i]));
    }
  });
}

/// The operations for one score and its term of the weighted sum: two products, or a product and a
/// tanh.
double work_of(const AttentionRows& rows, std::size_t query_rows, std::size_t size,
               std::size_t width, bool additive) {
  constexpr double tanh_operations = 20;
  const double each =
      (additive ? tanh_operations : 2) * static_cast<double>(size) + 2 * static_cast<double>(width);
  return each * static_cast<double>(query_rows) * static_cast<double>(rows.memory.steps);
}

}  // namespace

void attention_forward(const AttentionForward& call) {
  const std::size_t size = call.query.columns();
  const std::size_t width = call.memory.columns();
  const double work = work_of(call.rows, call.output.rows(), size, width, !call.score.empty());
  for_each_sequence(call.rows, work, [&](const SequenceSteps& query, const SequenceSteps& memory) {
    kernels().attention({query, memory, rows_of(call.query), rows_of(call.key), call.score.data(),
                         call.scale, size, rows_of(call.memory), width, rows_of(call.weights),
                         rows_of(call.output)});
  });
}

void attention_backward(const AttentionBackward& call) {
  const std::size_t size = call.query.columns();
  const std::size_t width = call.memory.columns();
  const double work =
      2 * work_of(call.rows, call.d_output.rows(), size, width, !call.score.empty());
  for_each_sequence(call.rows, work, [&](const SequenceSteps& query, const SequenceSteps& memory) {
    kernels().attention_backward(
        {query, memory, rows_of(call.query), rows_of(call.key), call.score.data(), call.scale, size,
         rows_of(call.memory), width, rows_of(call.weights), rows_of(call.d_output),
         rows_of(call.d_scores), rows_of(call.d_query), rows_of(call.d_key), rows_of(call.d_memory),
         rows_of(call.d_score_rows)});
  });
}

}  // namespace gru::cpu
