#pragma once

#include <napi.h>

#include "train/trainer.h"

namespace gru::binding {

/// A NativeTrainerOptions. Its getters may run JavaScript code and throw; the exception is passed
/// on as a Napi::Error.
TrainerOptions read_trainer_options(Napi::Value value);

/// A NativeStepOptions.
StepCall read_step_options(Napi::Value value);

}  // namespace gru::binding
