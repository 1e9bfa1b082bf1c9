#pragma once

/// The reference: everything the engine computes, written once in scalar double precision, as
/// plainly as the formulas in docs/maths.md that it stands beside. Finite differences prove it;
/// every kernel is tested against it. It is meant to be read and trusted, not to be fast.

#include "core/reference_gru.h"         // IWYU pragma: export
#include "core/reference_layers.h"      // IWYU pragma: export
#include "core/reference_losses.h"      // IWYU pragma: export
#include "core/reference_model.h"       // IWYU pragma: export
#include "core/reference_optimizers.h"  // IWYU pragma: export
