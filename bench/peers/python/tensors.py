"""The tensors of a job, as numpy arrays in the shapes that README.md gives."""

import os

import numpy


def read(job, name):
    """A tensor of the job's folder, flat."""
    integers = name in ("lengths", "tokens", "targets")
    path = os.path.join(job["folder"], name + (".i32" if integers else ".f32"))
    return numpy.fromfile(path, dtype=numpy.int32 if integers else numpy.float32)


def parameters(job):
    """All parameters by PyTorch's names."""
    flat = read(job, "parameters")
    return {
        spec["name"]: flat[spec["offset"] : spec["offset"] + spec["count"]].reshape(spec["shape"])
        for spec in job["parameters"]
    }


def directions(case):
    return 2 if case["bidirectional"] else 1


def states(case):
    return case["numLayers"] * directions(case)


def layer(job):
    """The input, the initial states, and the gradients that backward starts from: of the output, then of each state."""
    case = job["case"]
    steps, batch, hidden = case["steps"], case["batch"], case["hiddenSize"]
    shape = (states(case), batch, hidden)

    def carried(which):
        return [read(job, state[which]).reshape(shape) for state in job["states"]]

    data = read(job, "input").reshape(steps, batch, case["inputSize"])
    d_output = read(job, "dOutput").reshape(steps, batch, directions(case) * hidden)
    return data, carried("initial"), [d_output, *carried("dFinal")]


def outputs(job, output, *final):
    """The results of a forward pass by their names, given the final states in order."""
    return {"output": output, **name_states(job, "final", final)}


def input_gradients(job, d_input, *d_initial):
    """The gradients of all that is no parameter by their names, given those of the initial states in order."""
    return {"d_input": d_input, **name_states(job, "gradient", d_initial)}


def name_states(job, which, values):
    return {state[which]: value for state, value in zip(job["states"], values, strict=True)}
