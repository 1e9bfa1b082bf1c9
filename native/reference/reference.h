#pragma once

/// The reference: everything that the engine computes, written once in scalar double precision, as
/// plainly as the formulas in docs/maths.md. Finite differences check it, and every kernel is
/// tested against it. It is written to be easy to read, not to be fast.

#include "reference/graph.h"       // IWYU pragma: export
#include "reference/layers.h"      // IWYU pragma: export
#include "reference/losses.h"      // IWYU pragma: export
#include "reference/optimizers.h"  // IWYU pragma: export
#include "reference/recurrent.h"   // IWYU pragma: export
