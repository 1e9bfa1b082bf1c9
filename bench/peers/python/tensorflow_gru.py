"""TensorFlow: keras.layers.GRU in a compiled function, time-major inside as Keras does it."""

import os

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
os.environ.setdefault("KERAS_BACKEND", "tensorflow")

import numpy
import tensorflow as tf

import tensors


def prepare(job, unsupported):
    case = job["case"]
    if case["numLayers"] > 1 or case["bidirectional"] or case["ragged"] or job["mode"] == "training":
        raise unsupported("is measured with one dense layer alone")
    tf.config.threading.set_intra_op_parallelism_threads(job["threads"])
    tf.config.threading.set_inter_op_parallelism_threads(1)
    return Forward(job) if job["mode"] == "forward" else Gradients(job)


def swap_gates(array):
    """r, z, n -> z, r, n and back, along the last axis."""
    r, z, n = numpy.split(numpy.asarray(array), 3, axis=-1)
    return numpy.concatenate([z, r, n], axis=-1)


class Forward:
    def __init__(self, job):
        case = self.case = job["case"]
        values = tensors.parameters(job)
        self.layer = tf.keras.layers.GRU(
            case["hiddenSize"],
            return_sequences=True,
            return_state=True,
            reset_after=case["resetAfter"],
        )
        self.layer.build((case["batch"], case["steps"], case["inputSize"]))
        bias_ih, bias_hh = values["bias_ih_l0"], values["bias_hh_l0"]
        bias = numpy.stack([bias_ih, bias_hh]) if case["resetAfter"] else bias_ih + bias_hh
        weights = [values["weight_ih_l0"].T, values["weight_hh_l0"].T, bias]
        self.layer.set_weights([swap_gates(x) for x in weights])
        data, initial, d_output, d_state = tensors.layer(job)
        # Keras is batch-major.
        self.input = tf.constant(data.swapaxes(0, 1))
        self.initial = tf.constant(initial[0])
        self.start = [tf.constant(d_output.swapaxes(0, 1)), tf.constant(d_state[0])]
        self.compiled = tf.function(self.compute)

    def compute(self, data, initial):
        return self.layer(data, initial_state=initial)

    def run(self):
        return [x.numpy() for x in self.compiled(self.input, self.initial)]

    def check(self):
        output, state = self.run()
        return {"output": output.swapaxes(0, 1), "state": state}


class Gradients(Forward):
    def compute(self, data, initial):
        wanted = [data, initial, *self.layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([data, initial])
            results = self.layer(data, initial_state=initial)
        return [*results, *tape.gradient(results, wanted, output_gradients=self.start)]

    def check(self):
        output, state, d_input, d_initial, d_weight, d_recurrent, d_bias = self.run()
        d_bias = swap_gates(d_bias)
        bias_ih, bias_hh = d_bias if self.case["resetAfter"] else (d_bias, d_bias)
        return {
            "output": output.swapaxes(0, 1),
            "state": state,
            "d_input": d_input.swapaxes(0, 1),
            "d_initial_state": d_initial,
            "d_weight_ih_l0": swap_gates(d_weight).T,
            "d_weight_hh_l0": swap_gates(d_recurrent).T,
            "d_bias_ih_l0": bias_ih,
            "d_bias_hh_l0": bias_hh,
        }
