#pragma once

namespace gru::binding {

/// Keeps this library in memory until the process ends. Node unloads an addon when the last
/// worker_thread that loaded it ends, but this one owns threads that outlive any worker. For Linux
/// the linker marks the library instead (cmake/addon.cmake).
void keep_loaded() noexcept;

}  // namespace gru::binding
