"""JAX: a cell in a scan, compiled; the input's product over all steps at once, ragged batches by a mask."""

import jax
import jax.numpy as jnp
from jax import lax

import tensors


def prepare(job, unsupported):
    if job["mode"] == "training":
        raise unsupported("has no optimiser of its own")
    return Forward(job) if job["mode"] == "forward" else Gradients(job)


def gru_step(case, weight_hh, bias_hh):
    """The states after a step, given those before it and the input's product x, as a function."""
    hidden = case["hiddenSize"]

    def step(states, x):
        (h,) = states
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
        return ((1 - z) * n + z * h,)

    return step


def lstm_step(case, weight_hh, bias_hh):
    def step(states, x):
        h, c = states
        i, f, g, o = jnp.split(x + h @ weight_hh.T + bias_hh, 4, axis=-1)
        c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
        return (jax.nn.sigmoid(o) * jnp.tanh(c), c)

    return step


STEPS = {"gru": gru_step, "lstm": lstm_step}


def run_direction(parameters, suffix, case, data, states, valid, reverse):
    """Outputs [steps, batch, H] and the last states of one direction of one layer."""
    projected = data @ parameters["weight_ih" + suffix].T + parameters["bias_ih" + suffix]
    step = STEPS[case["cell"]](
        case, parameters["weight_hh" + suffix], parameters["bias_hh" + suffix]
    )

    def masked(states, inputs):
        x, keep = inputs
        following = step(states, x)
        if case["ragged"]:
            following = tuple(jnp.where(keep, new, old) for new, old in zip(following, states))
        return following, following[0]

    last, outputs = lax.scan(masked, states, (projected, valid), reverse=reverse)
    return outputs, last


def run_stack(case, parameters, data, initial, valid):
    """The output, then each of the final states; `initial` has one array for each."""
    ways = tensors.directions(case)
    finals = []
    for layer in range(case["numLayers"]):
        outputs = []
        for way in range(ways):
            suffix = f"_l{layer}" + ("_reverse" if way else "")
            start = tuple(state[layer * ways + way] for state in initial)
            output, last = run_direction(parameters, suffix, case, data, start, valid, way == 1)
            outputs.append(output)
            finals.append(last)
        data = jnp.concatenate(outputs, axis=-1)
    return jnp.where(valid, data, 0), *map(jnp.stack, zip(*finals))


class Forward:
    def __init__(self, job):
        self.job = job
        case = job["case"]
        self.parameters = {name: jnp.asarray(x) for name, x in tensors.parameters(job).items()}
        self.input, self.initial, self.start = jax.tree.map(jnp.asarray, tensors.layer(job))
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
        return tensors.outputs(self.job, *self.run())


class Gradients(Forward):
    def compile(self):
        def gradients(parameters, data, initial, start):
            results, backward = jax.vjp(self.stack, parameters, data, initial)
            return results, backward(tuple(start))

        return jax.jit(gradients)

    def run(self):
        return jax.block_until_ready(
            self.compiled(self.parameters, self.input, self.initial, self.start)
        )

    def check(self):
        results, (d_parameters, d_input, d_initial) = self.run()
        return {
            **tensors.outputs(self.job, *results),
            **tensors.input_gradients(self.job, d_input, *d_initial),
            **{f"d_{name}": value for name, value in d_parameters.items()},
        }
