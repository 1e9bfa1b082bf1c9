"""TensorFlow: keras.layers.GRU and LSTM in a compiled function, time-major inside as Keras does it."""

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


# Keras's order of gates as places in PyTorch's, which is the way back as well: r, z, n and z, r, n; i, f, g, o.
GATES = {"gru": [1, 0, 2], "lstm": [0, 1, 2, 3]}


def create_layer(case):
    options = {"return_sequences": True, "return_state": True}
    if case["cell"] == "lstm":
        return tf.keras.layers.LSTM(case["hiddenSize"], **options)
    return tf.keras.layers.GRU(case["hiddenSize"], reset_after=case["resetAfter"], **options)


class Forward:
    def __init__(self, job):
        self.job = job
        case = job["case"]
        values = tensors.parameters(job)
        # All other layers have one bias, which is the sum.
        self.two_biases = case["cell"] == "gru" and case["resetAfter"]
        self.layer = create_layer(case)
        self.layer.build((case["batch"], case["steps"], case["inputSize"]))
        bias_ih, bias_hh = values["bias_ih_l0"], values["bias_hh_l0"]
        bias = numpy.stack([bias_ih, bias_hh]) if self.two_biases else bias_ih + bias_hh
        weights = [values["weight_ih_l0"].T, values["weight_hh_l0"].T, bias]
        self.layer.set_weights([self.order_gates(x) for x in weights])
        data, initial, (d_output, *d_final) = tensors.layer(job)
        # Keras is batch-major.
        self.input = tf.constant(data.swapaxes(0, 1))
        self.initial = [tf.constant(state[0]) for state in initial]
        self.start = [
            tf.constant(d_output.swapaxes(0, 1)),
            *(tf.constant(gradient[0]) for gradient in d_final),
        ]
        self.compiled = tf.function(self.compute)

    def order_gates(self, array):
        """From PyTorch's order to Keras's and back, along the last axis."""
        places = GATES[self.job["case"]["cell"]]
        gates = numpy.split(numpy.asarray(array), len(places), axis=-1)
        return numpy.concatenate([gates[place] for place in places], axis=-1)

    def compute(self, data, initial):
        return self.layer(data, initial_state=initial)

    def run(self):
        return [x.numpy() for x in self.compiled(self.input, self.initial)]

    def check(self):
        return self.name_outputs(*self.run())

    def name_outputs(self, output, *final):
        return tensors.outputs(self.job, output.swapaxes(0, 1), *final)


class Gradients(Forward):
    def compute(self, data, initial):
        wanted = [data, *initial, *self.layer.trainable_variables]
        with tf.GradientTape() as tape:
            tape.watch([data, *initial])
            results = self.layer(data, initial_state=initial)
        return [*results, *tape.gradient(results, wanted, output_gradients=self.start)]

    def check(self):
        found = self.run()
        count = len(self.start)
        results, (d_input, *d_initial) = found[:count], found[count : 2 * count]
        d_weight, d_recurrent, d_bias = map(self.order_gates, found[2 * count :])
        bias_ih, bias_hh = d_bias if self.two_biases else (d_bias, d_bias)
        return {
            **self.name_outputs(*results),
            **tensors.input_gradients(self.job, d_input.swapaxes(0, 1), *d_initial),
            "d_weight_ih_l0": d_weight.T,
            "d_weight_hh_l0": d_recurrent.T,
            "d_bias_ih_l0": bias_ih,
            "d_bias_hh_l0": bias_hh,
        }
