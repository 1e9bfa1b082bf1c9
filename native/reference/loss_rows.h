#pragma once

#include <cstddef>

#include "reference/algebra.h"
#include "reference/losses.h"

/// What the files of losses share.
namespace gru::reference {

inline bool counts(const ReferenceRows& rows, std::size_t row) {
  return rows.valid.empty() || rows.valid[row] != 0;
}

/// log sum_c exp(logits_c), shifted by the largest so that nothing overflows.
double log_sum_exp(Values logits);

// Each writes into `result` the sum over rows, its gradient of the right size, which is 0 before,
// and the denominator, by which neither is divided yet.

/// Softmax cross entropy (torch.nn.CrossEntropyLoss).
Status cross_entropy(const LossOptions& options, const ReferenceRows& rows, Values logits,
                     const ReferenceTarget& target, ReferenceLoss& result);
/// All losses over values; a row's is the mean over its values.
Status value_loss(const LossOptions& options, const ReferenceRows& rows, Values predictions,
                  const ReferenceTarget& target, ReferenceLoss& result);
/// Connectionist temporal classification (Graves et al. 2006).
Status ctc(const ReferenceRows& rows, Values logits, const ReferenceTarget& target,
           ReferenceLoss& result);

}  // namespace gru::reference
