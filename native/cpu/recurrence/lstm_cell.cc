#include "cpu/recurrence/cell.h"

namespace gru::cpu {

namespace {

constexpr std::size_t gates = cell_spec(CellKind::lstm).gates;

constexpr Range parts[] = {{gate_i, gates}};
constexpr ForwardStage inference[] = {{&Kernels::forward_lstm, 0}};
constexpr ForwardStage training[] = {{&Kernels::forward_lstm_training, 0}};
constexpr StageProduct products[] = {{0, {gate_i, gates}, gate_i, Carried::d_state, false}};
constexpr BackwardStage backward[] = {{&Kernels::backward_lstm, products}};
constexpr GradientTerm terms[] = {{gate_i, inputs, gate_i}, {gate_i, states, gate_i},
                                  {gate_f, inputs, gate_f}, {gate_f, states, gate_f},
                                  {gate_g, inputs, gate_g}, {gate_g, states, gate_g},
                                  {gate_o, inputs, gate_o}, {gate_o, states, gate_o}};

constexpr CellPlan plan = {.parts = parts,
                           .bias_apart = gates,
                           .inference = inference,
                           .training = training,
                           .backward = backward,
                           .gradient_slots = gates,
                           .terms = terms};

}  // namespace

const CellPlan& lstm_plan() { return plan; }

}  // namespace gru::cpu
