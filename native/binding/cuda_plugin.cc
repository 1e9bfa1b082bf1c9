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

// The package has a plug-in for the prebuilt addon, whose C++ standard library it shares.
#if defined(__x86_64__) && defined(__GLIBC__)
constexpr const char* remedy_of_real =
    "`npm install @gru-native/cuda-linux-x64@" GRU_VERSION
    "` installs it for the prebuilt addon; for an addon that was built from source, "
    "`npm run build:cuda` in a checkout of gru-native builds it";
#else
constexpr const char* remedy_of_real = "`npm run build:cuda` in a checkout of gru-native builds it";
#endif

Library describe(CudaLibrary library) {
  if (library == CudaLibrary::real) return {"gru_native_cuda.so", remedy_of_real};
  return {"gru_native_cuda_emulated.so", "it is for tests, and only `npm run setup` builds it"};
}

/// The folder of the library that this code is in, with a slash at its end.
std::string addon_folder() {
  Dl_info info{};
  if (dladdr(reinterpret_cast<const void*>(&addon_folder), &info) == 0) return {};
  const std::string path = info.dli_fname;
  return path.substr(0, path.rfind('/') + 1);
}

bool exists(const std::string& path) { return access(path.c_str(), F_OK) == 0; }

Opened open(CudaLibrary library, const std::string& installed) {
  const Library expected = describe(library);
  const std::string beside_addon = addon_folder() + expected.file;
  const std::string& path = installed.empty() || exists(beside_addon) ? beside_addon : installed;
  if (!exists(path)) {
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

Opened open(CudaLibrary, const std::string&) {
  return {refuse_plugin("CUDA devices are supported on Linux alone", "use the device 'cpu'")};
}

#endif

template <CudaLibrary library>
const Opened& opened_once(const std::string& installed) {
  static const Opened opened = open(library, installed);
  return opened;
}

}  // namespace

Status cuda_plugin(CudaLibrary library, const std::string& installed, const cuda::Plugin*& plugin) {
  const Opened& opened = library == CudaLibrary::real ? opened_once<CudaLibrary::real>(installed)
                                                      : opened_once<CudaLibrary::emulated>({});
  plugin = opened.plugin;
  return opened.status;
}

}  // namespace gru::binding
