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
    """input, initial_state, d_output and d_state of a layer's job."""
    case = job["case"]
    steps, batch, hidden = case["steps"], case["batch"], case["hiddenSize"]
    shapes = {
        "input": (steps, batch, case["inputSize"]),
        "initialState": (states(case), batch, hidden),
        "dOutput": (steps, batch, directions(case) * hidden),
        "dState": (states(case), batch, hidden),
    }
    return [read(job, name).reshape(shape) for name, shape in shapes.items()]
