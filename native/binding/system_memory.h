#pragma once

namespace gru::binding {

/// Asks the C library to give memory that was freed back to the system. Without it, freed blocks of
/// medium size stay with the process. It takes some milliseconds for each 100 MB.
void give_back_to_system() noexcept;

}  // namespace gru::binding
