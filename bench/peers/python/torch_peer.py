"""PyTorch: torch.nn.GRU and torch.nn.LSTM, packed sequences for ragged batches, torch.optim.Adam.

GRU_NATIVE_DEVICE names the device. On a GPU the multiplications are float32, as the project's are by default,
and every call takes its arrays from the host's memory and gives its results there.
"""

import os

import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

import tensors


DEVICE = torch.device(os.environ.get("GRU_NATIVE_DEVICE", "cpu"))
torch.backends.cuda.matmul.allow_tf32 = False
torch.backends.cudnn.allow_tf32 = False


def to_device(*host):
    return [tensor.to(DEVICE) for tensor in host]


def to_host(*results):
    return [result.cpu() for result in results]


def prepare(job, unsupported):
    torch.set_num_threads(job["threads"])
    torch.set_num_interop_threads(1)
    if not job["case"]["resetAfter"]:
        raise unsupported("knows the reset gate after the product alone")
    return {"forward": Forward, "gradients": Gradients, "training": Training}[job["mode"]](job)


CELLS = {"gru": nn.GRU, "lstm": nn.LSTM}


def create_stack(case):
    return CELLS[case["cell"]](
        case["inputSize"],
        case["hiddenSize"],
        num_layers=case["numLayers"],
        bidirectional=case["bidirectional"],
    )


class Layer:
    def __init__(self, job):
        self.job = job
        self.case = job["case"]
        self.stack = create_stack(self.case)
        values = {name: torch.from_numpy(x) for name, x in tensors.parameters(job).items()}
        self.stack.load_state_dict(values)
        self.stack.to(DEVICE)
        data, initial, start = tensors.layer(job)
        self.input = torch.from_numpy(data)
        self.initial = [torch.from_numpy(state) for state in initial]
        self.start = [torch.from_numpy(gradient) for gradient in start]
        self.lengths = torch.from_numpy(tensors.read(job, "lengths")).long()

    def forward(self, values, *initial):
        """The output, then each of the final states."""
        if not self.case["ragged"]:
            return self.call(values, initial)
        packed = pack_padded_sequence(values, self.lengths, enforce_sorted=False)
        output, *final = self.call(packed, initial)
        padded, _ = pad_packed_sequence(output, total_length=self.case["steps"])
        return padded, *final

    def call(self, values, initial):
        """nn.GRU takes and gives one state as it is, nn.LSTM a pair."""
        if len(initial) == 1:
            return self.stack(values, *initial)
        output, final = self.stack(values, initial)
        return output, *final


class Forward(Layer):
    def run(self):
        with torch.inference_mode():
            return to_host(*self.forward(*to_device(self.input, *self.initial)))

    def check(self):
        return tensors.outputs(self.job, *(result.numpy() for result in self.run()))


class Gradients(Layer):
    def __init__(self, job):
        super().__init__(job)
        self.names = [name for name, _ in self.stack.named_parameters()]

    def run(self):
        given = [each.requires_grad_() for each in to_device(self.input, *self.initial)]
        results = self.forward(*given)
        found = torch.autograd.grad(
            results, [*given, *self.stack.parameters()], grad_outputs=to_device(*self.start)
        )
        return to_host(*results), to_host(*found)

    def check(self):
        results, found = ([each.detach().numpy() for each in group] for group in self.run())
        count = 1 + len(self.initial)
        return {
            **tensors.outputs(self.job, *results),
            **tensors.input_gradients(self.job, *found[:count]),
            **{f"d_{name}": value for name, value in zip(self.names, found[count:])},
        }


class Model(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.embedding = nn.Embedding(case["vocabulary"], case["inputSize"])
        # Under the name of its cell, as the parameters have it.
        self.cell = case["cell"]
        self.add_module(self.cell, create_stack(case))
        self.head = nn.Linear(case["hiddenSize"], case["vocabulary"])

    def forward(self, tokens):
        stack = self.get_submodule(self.cell)
        return self.head(stack(self.embedding(tokens))[0])


class Training:
    CHECKED_STEPS = 3

    def __init__(self, job):
        case = job["case"]
        self.model = Model(case)
        values = {name: torch.from_numpy(x) for name, x in tensors.parameters(job).items()}
        self.model.load_state_dict(values)
        self.model.to(DEVICE)
        shape = (case["steps"], case["batch"])
        self.tokens, self.targets = (
            torch.from_numpy(tensors.read(job, name)).long().reshape(shape)
            for name in ("tokens", "targets")
        )
        self.optimizer = torch.optim.Adam(self.model.parameters())

    def run(self):
        self.optimizer.zero_grad()
        tokens, targets = to_device(self.tokens, self.targets)
        logits = self.model(tokens)
        loss = nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten())
        loss.backward()
        self.optimizer.step()
        return loss.item()

    def check(self):
        return {"losses": [self.run() for _ in range(self.CHECKED_STEPS)]}
