"""The forecaster's network in PyTorch, trained on the forecaster's own samples: network.py JOB.json

The same encoder and decoder, loss, optimiser, schedule, batches, epochs and early stopping. The parameters of the best
epoch are written in the project's order. The last line of the output is one JSON object.
"""

import copy
import json
import math
import os
import sys
import time

import numpy
import torch
from torch import nn
from torch.nn.utils.rnn import pack_padded_sequence

INITIAL_SHARE = 0.1
EVALUATED_TOGETHER = 256


class Network(nn.Module):
    """As lib/forecasting/network.ts builds it. The names of its parameters are the same."""

    def __init__(self, job):
        super().__init__()
        hidden, tokens = job["hiddenSize"], job["tokens"]
        size = min(16, 1 + math.ceil(math.sqrt(tokens - 1))) if tokens > 0 else 0
        if tokens > 0:
            self.pastVector = nn.Embedding(tokens, size)
            self.futureVector = nn.Embedding(tokens, size)
        self.encoder = nn.GRU(job["pastWidth"] + size, hidden, batch_first=True)
        self.start = nn.Linear(hidden, hidden)
        self.decoder = nn.GRU(job["futureWidth"] + size, hidden, batch_first=True)
        self.forecast = nn.Linear(hidden, job["targets"] * len(job["quantiles"]))

    def forward(self, batch):
        past, future = batch["past"], batch["future"]
        if "series" in batch:
            past = self.with_vector(past, self.pastVector, batch["series"])
            future = self.with_vector(future, self.futureVector, batch["series"])
        if int(batch["lengths"].min()) < past.shape[1]:
            past = pack_padded_sequence(
                past, batch["lengths"], batch_first=True, enforce_sorted=False
            )
        _, state = self.encoder(past)
        output, _ = self.decoder(future, torch.tanh(self.start(state)))
        return self.forecast(output)

    @staticmethod
    def with_vector(values, embedding, series):
        vectors = embedding(series)[:, None, :].expand(-1, values.shape[1], -1)
        return torch.cat([values, vectors], dim=2)

    @torch.no_grad()
    def start_from_quantiles(self, targets, quantiles):
        """The head's weights are small, and its biases are the quantiles of the training part."""
        self.forecast.weight *= INITIAL_SHARE
        some = targets[:: math.ceil(len(targets) / 2000)]
        biases = []
        for target in range(some.shape[2]):
            values = some[:, :, target].flatten()
            values = values[~values.isnan()].sort().values
            biases += [float(values[int(q * len(values))]) for q in quantiles]
        self.forecast.bias[:] = torch.tensor(biases)


def read_part(job, part):
    """The samples of a part as tensors, the first dimension is the sample."""
    count = job["parts"][part]

    def read(name, kind, *shape):
        file = os.path.join(job["folder"], f"{part}.{name}.{kind}")
        values = numpy.fromfile(file, numpy.float32 if kind == "f32" else numpy.int32)
        return torch.from_numpy(values.reshape(count, *shape))

    horizon = job["horizon"]
    tensors = {
        "past": read("past", "f32", job["window"], job["pastWidth"]),
        "future": read("future", "f32", horizon, job["futureWidth"]),
        "targets": read("targets", "f32", horizon, job["targets"]),
        "lengths": read("lengths", "i32").long(),
    }
    return {**tensors, "series": read("series", "i32").long()} if job["tokens"] > 0 else tensors


def take(part, some):
    return {name: tensor[some] for name, tensor in part.items()}


def pinball(output, targets, quantiles):
    """The mean over all values that are present, and their number."""
    predictions = output.unflatten(2, (targets.shape[2], len(quantiles)))
    known = ~targets.isnan()
    error = targets.nan_to_num()[..., None] - predictions
    each = torch.maximum(quantiles * error, (quantiles - 1) * error)[known]
    return each.mean(), int(known.sum())


@torch.inference_mode()
def evaluate(model, part, quantiles):
    total, count = 0.0, 0
    for begin in range(0, len(part["past"]), EVALUATED_TOGETHER):
        batch = take(part, slice(begin, begin + EVALUATED_TOGETHER))
        loss, known = pinball(model(batch), batch["targets"], quantiles)
        total, count = total + loss.item() * known, count + known
    return total / count


def rate(update, updates):
    """A factor of the learning rate: a short rise, then a fall to 0."""
    warmup = max(1, round(updates / 20))
    if update < warmup:
        return update / warmup
    return (1 + math.cos(math.pi * (update - warmup) / max(1, updates - warmup))) / 2


def train(model, job, training, validation):
    quantiles = torch.tensor(job["quantiles"])
    count, size = len(training["past"]), job["batch"]
    updates = job["epochs"] * math.ceil(count / size)
    optimizer = torch.optim.AdamW(
        model.parameters(), lr=job["learningRate"], weight_decay=job["weightDecay"]
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda update: rate(update, updates))
    best = {"epoch": 0, "loss": evaluate(model, validation, quantiles)}
    parameters = copy.deepcopy(model.state_dict())
    lowest, bad = math.inf, 0
    begin = time.perf_counter()
    for epoch in range(1, job["epochs"] + 1):
        order = torch.randperm(count)
        for some in order.split(size):
            batch = take(training, some)
            optimizer.zero_grad()
            loss, _ = pinball(model(batch), batch["targets"], quantiles)
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), job["clipNorm"])
            optimizer.step()
            schedule.step()
        found = evaluate(model, validation, quantiles)
        if found < best["loss"]:
            best = {"epoch": epoch, "loss": found}
            parameters = copy.deepcopy(model.state_dict())
        lowest, bad = (found, 0) if found < lowest else (lowest, bad + 1)
        if bad >= job["patience"]:
            break
    seconds = time.perf_counter() - begin
    return parameters, {
        "epochs": epoch,
        "bestEpoch": best["epoch"],
        "validationLoss": best["loss"],
        "seconds": seconds,
    }


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        job = json.load(file)
    torch.set_num_threads(job["threads"])
    torch.manual_seed(job["seed"])
    training, validation = read_part(job, "training"), read_part(job, "validation")
    model = Network(job)
    model.start_from_quantiles(training["targets"], job["quantiles"])
    parameters, trained = train(model, job, training, validation)
    flat = [parameters[spec["name"]].flatten() for spec in job["parameters"]]
    for values, spec in zip(flat, job["parameters"], strict=True):
        assert len(values) == spec["count"], spec["name"]
    torch.cat(flat).numpy().tofile(os.path.join(job["folder"], "parameters.f32"))
    print(json.dumps(trained))


main()
