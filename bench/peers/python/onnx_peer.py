"""ONNX Runtime: inference of the model that the bench wrote."""

import os

import numpy
import onnxruntime

import tensors


def prepare(job, unsupported):
    if job["mode"] != "forward":
        raise unsupported("computes no gradients")
    return Forward(job)


class Forward:
    def __init__(self, job):
        self.job = job
        case = job["case"]
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = job["threads"]
        options.inter_op_num_threads = 1
        self.session = onnxruntime.InferenceSession(
            os.path.join(job["folder"], "model.onnx"), options, providers=["CPUExecutionProvider"]
        )
        data, initial, _ = tensors.layer(job)
        self.feeds = {"input": data}
        for state, values in zip(job["states"], initial):
            for layer, value in enumerate(numpy.split(values, case["numLayers"])):
                self.feeds[f"{state['initial']}_l{layer}"] = value
        if case["ragged"]:
            self.feeds["lengths"] = tensors.read(job, "lengths")

    def run(self):
        return self.session.run(None, self.feeds)

    def check(self):
        output, *states = self.run()
        # [steps, D, batch, H] -> [steps, batch, D, H]
        output = output.transpose(0, 2, 1, 3)
        # For each state all layers, one after the other.
        final = numpy.split(numpy.concatenate(states), len(self.job["states"]))
        return tensors.outputs(self.job, output, *final)
