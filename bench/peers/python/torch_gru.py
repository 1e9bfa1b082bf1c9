"""PyTorch: torch.nn.GRU, packed sequences for ragged batches, torch.optim.Adam.

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


def create_gru(case):
    return nn.GRU(
        case["inputSize"],
        case["hiddenSize"],
        num_layers=case["numLayers"],
        bidirectional=case["bidirectional"],
    )


class Layer:
    def __init__(self, job):
        self.case = job["case"]
        self.gru = create_gru(self.case)
        values = {name: torch.from_numpy(x) for name, x in tensors.parameters(job).items()}
        self.gru.load_state_dict(values)
        self.gru.to(DEVICE)
        self.input, self.initial, self.d_output, self.d_state = map(
            torch.from_numpy, tensors.layer(job)
        )
        self.lengths = torch.from_numpy(tensors.read(job, "lengths")).long()

    def forward(self, values, initial):
        if not self.case["ragged"]:
            return self.gru(values, initial)
        packed = pack_padded_sequence(values, self.lengths, enforce_sorted=False)
        output, state = self.gru(packed, initial)
        padded, _ = pad_packed_sequence(output, total_length=self.case["steps"])
        return padded, state


class Forward(Layer):
    def run(self):
        with torch.inference_mode():
            return to_host(*self.forward(*to_device(self.input, self.initial)))

    def check(self):
        output, state = self.run()
        return {"output": output.numpy(), "state": state.numpy()}


class Gradients(Layer):
    def __init__(self, job):
        super().__init__(job)
        self.names = [name for name, _ in self.gru.named_parameters()]

    def run(self):
        values, initial = (each.requires_grad_() for each in to_device(self.input, self.initial))
        output, state = self.forward(values, initial)
        found = torch.autograd.grad(
            (output, state),
            [values, initial, *self.gru.parameters()],
            grad_outputs=to_device(self.d_output, self.d_state),
        )
        return *to_host(output, state), to_host(*found)

    def check(self):
        output, state, found = self.run()
        names = ["d_input", "d_initial_state", *(f"d_{name}" for name in self.names)]
        results = {name: value.numpy() for name, value in zip(names, found)}
        return {"output": output.detach().numpy(), "state": state.detach().numpy(), **results}


class Model(nn.Module):
    def __init__(self, case):
        super().__init__()
        self.embedding = nn.Embedding(case["vocabulary"], case["inputSize"])
        self.gru = create_gru(case)
        self.head = nn.Linear(case["hiddenSize"], case["vocabulary"])

    def forward(self, tokens):
        return self.head(self.gru(self.embedding(tokens))[0])


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
