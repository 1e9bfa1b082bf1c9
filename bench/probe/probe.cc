// Measures the limits of this machine, and the time of a call without JavaScript. Uses the bench's
// line protocol (bench/README.md): `warm SECONDS` and `round SECONDS` measure.
//
//   gru_probe fma THREADS            floating-point operations per second
//   gru_probe read THREADS BYTES     bytes per second from a buffer of that size
//   gru_probe layer STEPS I H        seconds of a forward call of one sequence, on one thread
#include <cstdlib>
#include <functional>
#include <iomanip>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <sstream>
#include <string>

#include "cpu/cpu_device.h"
#include "layer_call.h"
#include "rates.h"

namespace {

/// Measures for some seconds. Returns the figure, or no value if it failed.
using Measure = std::function<std::optional<double>(double seconds)>;

std::size_t number(const char* text) { return std::strtoull(text, nullptr, 10); }

Measure measure_layer(std::span<char*> sizes) {
  std::unique_ptr<gru::probe::LayerCall> made;
  const gru::Status status = gru::cpu::set_threads(1);
  if (!status.is_ok() ||
      !gru::probe::LayerCall::create(number(sizes[0]), number(sizes[1]), number(sizes[2]), made)
           .is_ok()) {
    return {};
  }
  return [call = std::shared_ptr(std::move(made))](double seconds) -> std::optional<double> {
    double figure = 0;
    if (!call->measure(seconds, figure).is_ok()) return std::nullopt;
    return figure;
  };
}

Measure choose(std::span<char*> arguments) {
  const std::string what = arguments.empty() ? "" : arguments[0];
  if (what == "fma" && arguments.size() == 2) {
    const auto threads = static_cast<unsigned>(number(arguments[1]));
    return [threads](double seconds) { return gru::probe::multiply_add_rate(threads, seconds); };
  }
  if (what == "read" && arguments.size() == 3) {
    const auto rate = std::make_shared<gru::probe::ReadRate>(
        static_cast<unsigned>(number(arguments[1])), number(arguments[2]));
    return [rate](double seconds) { return rate->measure(seconds); };
  }
  if (what == "layer" && arguments.size() == 4) return measure_layer(arguments.subspan(1));
  return {};
}

void serve(const Measure& measure) {
  std::cout << R"({"ready":{"version":")" << GRU_VERSION << R"(","memory":0}})" << std::endl;
  std::string command;
  double seconds = 0;
  for (std::string line; std::getline(std::cin, line);) {
    std::istringstream(line) >> command >> seconds;
    const std::optional<double> figure = measure(seconds);
    if (figure) {
      std::cout << R"({"median":)" << std::setprecision(9) << *figure << '}' << std::endl;
    } else {
      std::cout << R"({"failed":"the call failed"})" << std::endl;
    }
  }
}

}  // namespace

int main(int count, char** arguments) {
  const Measure measure = choose(std::span(arguments, static_cast<std::size_t>(count)).subspan(1));
  if (!measure) {
    std::cerr << "usage: gru_probe fma THREADS | read THREADS BYTES | layer STEPS I H\n";
    return 2;
  }
  serve(measure);
}
