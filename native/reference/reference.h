#pragma once

/// The reference: everything the engine computes, written once in scalar double precision, as
/// plainly as the formulas in docs/maths.md that it stands beside. Finite differences prove it;
/// every kernel is tested against it. It is meant to be read and trusted, not to be fast.

#include "reference/graph.h"       // IWYU pragma: export
#include "reference/layers.h"      // IWYU pragma: export
#include "reference/losses.h"      // IWYU pragma: export
#include "reference/optimizers.h"  // IWYU pragma: export
#include "reference/recurrent.h"   // IWYU pragma: export
