#include "binding/cuda_plugin.h"

#include <string>

#include "binding/executor.h"

#ifdef __linux__
#include <dlfcn.h>
#include <unistd.h>
#endif

namespace gru::binding {

namespace {

struct Opened {
  Status status;
  const cuda::Plugin* plugin = nullptr;
};

Status refuse_plugin(const std::string& reason, const std::string& remedy) {
  return Status::device(reason + "; " + remedy);
}

#ifdef __linux__

struct Library {
  std::string file;
  std::string remedy;  ///< how to get a library that can be used
};

Library describe(CudaLibrary library) {
  if (library == CudaLibrary::real) {
    return {"gru_native_cuda.so", "`npm run build:cuda` in a checkout of gru-native builds it"};
  }
  return {"gru_native_cuda_emulated.so", "it is for tests, and only `npm run setup` builds it"};
}

/// The folder of the library that this code is in, with a slash at its end.
std::string addon_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&addon_folder), &info) == 0) return {};
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

Opened open(CudaLibrary library) {
  const Library expected = describe(library);
  const std::string path = addon_folder() + expected.file;
  if (access(path.c_str(), F_OK) != 0) {
    return {refuse_plugin("there is no CUDA plug-in " + path, expected.remedy)};
  }
  void* const handle = dlopen(path.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (handle == nullptr) {
    return {refuse_plugin(std::string("the CUDA plug-in does not load: ") + dlerror(),
                          expected.remedy)};
  }
  const auto entry = reinterpret_cast<cuda::PluginEntry>(dlsym(handle, cuda::plugin_entry_name));
  if (entry == nullptr) {
    return {refuse_plugin(path + " is no CUDA plug-in of this package", expected.remedy)};
  }
  const cuda::Plugin* const plugin = entry();
  if (plugin->version != std::string(cuda::plugin_version)) {
    return {refuse_plugin("the CUDA plug-in " + path + " is of version " + plugin->version +
                              ", and the addon of " + cuda::plugin_version,
                          expected.remedy)};
  }
  // Registers a handler that runs before the exit handlers of the plug-in's libraries, since
  // handlers run in reverse order. Jobs on a GPU must end before those.
  Executor::stop_at_exit();
  return {{}, plugin};
}

#else

Opened open(CudaLibrary) {
  return {refuse_plugin("CUDA devices are supported on Linux alone", "use the device 'cpu'")};
}

#endif

template <CudaLibrary library>
const Opened& opened_once() {
  static const Opened opened = open(library);
  return opened;
}

}  // namespace

Status cuda_plugin(CudaLibrary library, const cuda::Plugin*& plugin) {
  const Opened& opened = library == CudaLibrary::real ? opened_once<CudaLibrary::real>()
                                                      : opened_once<CudaLibrary::emulated>();
  plugin = opened.plugin;
  return opened.status;
}

}  // namespace gru::binding
