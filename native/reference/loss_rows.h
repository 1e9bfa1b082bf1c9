#pragma once

#include <cstddef>

#include "reference/algebra.h"
#include "reference/losses.h"

/// Shared by the files of losses.
namespace gru::reference {

inline bool counts(const ReferenceRows& rows, std::size_t row) {
  return rows.valid.empty() || rows.valid[row] != 0;
}

/// log sum_c exp(logits_c), computed relative to the largest logit, so that nothing overflows.
double log_sum_exp(Values logits);

// Each function writes to `result` the sum over rows, its gradient and the denominator. Neither sum
// nor gradient is divided by the denominator yet. The gradient has the right size and is 0 before
// the call.

/// Softmax cross entropy (torch.nn.CrossEntropyLoss).
Status cross_entropy(const LossOptions& options, const ReferenceRows& rows, Values logits,
                     const ReferenceTarget& target, ReferenceLoss& result);
/// All losses over values. A row's loss is the mean over its values.
Status value_loss(const LossOptions& options, const ReferenceRows& rows, Values predictions,
                  const ReferenceTarget& target, ReferenceLoss& result);
/// Connectionist temporal classification (Graves et al. 2006).
Status ctc(const ReferenceRows& rows, Values logits, const ReferenceTarget& target,
           ReferenceLoss& result);

}  // namespace gru::reference
