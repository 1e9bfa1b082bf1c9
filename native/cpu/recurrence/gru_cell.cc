#include "cpu/recurrence/cell.h"

namespace gru::cpu {

namespace {

// Reset after: one product multiplies all of U.
constexpr Range after_parts[] = {{gate_r, gate_count}};
constexpr ForwardStage after_inference[] = {{&Kernels::forward_after, 0}};
constexpr ForwardStage after_training[] = {{&Kernels::forward_after_training, 0}};
constexpr StageProduct after_products[] = {
    {0, {gate_r, gate_n}, gate_r, Carried::d_state, true},
    {0, {gate_n, gate_count}, reserve_q, Carried::d_state, true}};
constexpr BackwardStage after_backward[] = {{&Kernels::backward_after, after_products}};
constexpr GradientTerm after_terms[] = {{gate_r, inputs, gate_r}, {gate_r, states, gate_r},
                                        {gate_z, inputs, gate_z}, {gate_z, states, gate_z},
                                        {gate_n, inputs, gate_n}, {reserve_q, states, gate_n}};

constexpr CellPlan after = {.parts = after_parts,
                            .bias_apart = gate_n,
                            .inference = after_inference,
                            .training = after_training,
                            .backward = after_backward,
                            .gradient_slots = reserve_gates,
                            .terms = after_terms};

// Reset before: the product with U_n needs r * h, so it comes second.
constexpr Range before_parts[] = {{gate_r, gate_n}, {gate_n, gate_count}};
constexpr ForwardStage before_inference[] = {{&Kernels::gates_before, 0},
                                             {&Kernels::candidate_before, 1}};
constexpr ForwardStage before_training[] = {{&Kernels::gates_before_training, 0},
                                            {&Kernels::candidate_before_training, 1}};
constexpr StageProduct before_candidate[] = {{1, {0, 1}, gate_n, Carried::d_reset_state, false}};
constexpr StageProduct before_gates[] = {{0, {0, 2}, gate_r, Carried::d_state, true}};
constexpr BackwardStage before_backward[] = {{&Kernels::backward_before, before_candidate},
                                             {&Kernels::backward_before_reset, before_gates}};
constexpr GradientTerm before_terms[] = {{gate_r, inputs, gate_r}, {gate_r, states, gate_r},
                                         {gate_z, inputs, gate_z}, {gate_z, states, gate_z},
                                         {gate_n, inputs, gate_n}, {gate_n, reset_states, gate_n}};

constexpr CellPlan before = {.parts = before_parts,
                             .bias_apart = gate_count,
                             .inference = before_inference,
                             .training = before_training,
                             .backward = before_backward,
                             .gradient_slots = reserve_gates,
                             .terms = before_terms};

}  // namespace

const CellPlan& gru_plan(ResetGate reset) { return reset == ResetGate::after ? after : before; }

}  // namespace gru::cpu
