"""JAX: the cell in a scan, compiled; the input's product over all steps at once, ragged batches by a mask."""

import jax
import jax.numpy as jnp
from jax import lax

import tensors


def prepare(job, unsupported):
    if job["mode"] == "training":
        raise unsupported("has no optimiser of its own")
    return Forward(job) if job["mode"] == "forward" else Gradients(job)


def run_direction(parameters, suffix, case, data, state, valid, reverse):
    """Outputs [steps, batch, H] and the last state of one direction of one layer."""
    weight_hh, bias_hh = parameters["weight_hh" + suffix], parameters["bias_hh" + suffix]
    projected = data @ parameters["weight_ih" + suffix].T + parameters["bias_ih" + suffix]
    hidden = case["hiddenSize"]

    def cell(h, inputs):
        x, keep = inputs
        x_r, x_z, x_n = jnp.split(x, 3, axis=-1)
        if case["resetAfter"]:
            h_r, h_z, h_n = jnp.split(h @ weight_hh.T + bias_hh, 3, axis=-1)
            r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
            n = jnp.tanh(x_n + r * h_n)
        else:
            gates = h @ weight_hh[: 2 * hidden].T + bias_hh[: 2 * hidden]
            h_r, h_z = jnp.split(gates, 2, axis=-1)
            r, z = jax.nn.sigmoid(x_r + h_r), jax.nn.sigmoid(x_z + h_z)
            n = jnp.tanh(x_n + (r * h) @ weight_hh[2 * hidden :].T + bias_hh[2 * hidden :])
        following = (1 - z) * n + z * h
        if case["ragged"]:
            following = jnp.where(keep, following, h)
        return following, following

    last, outputs = lax.scan(cell, state, (projected, valid), reverse=reverse)
    return outputs, last


def run_stack(case, parameters, data, initial, valid):
    ways = tensors.directions(case)
    states = []
    for layer in range(case["numLayers"]):
        outputs = []
        for way in range(ways):
            suffix = f"_l{layer}" + ("_reverse" if way else "")
            start = initial[layer * ways + way]
            output, last = run_direction(parameters, suffix, case, data, start, valid, way == 1)
            outputs.append(output)
            states.append(last)
        data = jnp.concatenate(outputs, axis=-1)
    return jnp.where(valid, data, 0), jnp.stack(states)


class Forward:
    def __init__(self, job):
        case = job["case"]
        self.parameters = {name: jnp.asarray(x) for name, x in tensors.parameters(job).items()}
        self.input, self.initial, *self.start = map(jnp.asarray, tensors.layer(job))
        lengths = jnp.asarray(tensors.read(job, "lengths"))
        valid = (jnp.arange(case["steps"])[:, None] < lengths)[..., None]
        self.stack = lambda parameters, data, initial: run_stack(
            case, parameters, data, initial, valid
        )
        self.compiled = self.compile()

    def compile(self):
        return jax.jit(self.stack)

    def run(self):
        return jax.block_until_ready(self.compiled(self.parameters, self.input, self.initial))

    def check(self):
        output, state = self.run()
        return {"output": output, "state": state}


class Gradients(Forward):
    def compile(self):
        def gradients(parameters, data, initial, start):
            results, backward = jax.vjp(self.stack, parameters, data, initial)
            return results, backward(start)

        return jax.jit(gradients)

    def run(self):
        start = tuple(self.start)
        return jax.block_until_ready(
            self.compiled(self.parameters, self.input, self.initial, start)
        )

    def check(self):
        (output, state), (d_parameters, d_input, d_initial) = self.run()
        return {
            "output": output,
            "state": state,
            "d_input": d_input,
            "d_initial_state": d_initial,
            **{f"d_{name}": value for name, value in d_parameters.items()},
        }
