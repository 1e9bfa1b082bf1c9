"""Writes schedules.json: learning rates of torch.optim.lr_scheduler for the options of this package.

    python schedules.py > schedules.json

Needs torch. The rates are read from the optimiser before each of its updates, as PyTorch computes them: step by step,
so that they may differ from the closed forms by roundings.
"""
import json
import math
import warnings

import torch
from torch.optim import lr_scheduler as lrs

BASE = 0.05
STEPS = 60
NAN, INF = math.nan, math.inf


def rates(make, metrics=None, steps=STEPS):
    optimizer = torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=BASE)
    scheduler = make(optimizer)
    found = []
    for update in range(steps):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        if update + 1 == steps:
            break
        scheduler.step() if metrics is None else scheduler.step(metrics[update])
    return found


def warmed(steps, factor, make):
    def sequence(optimizer):
        rise = lrs.LinearLR(optimizer, start_factor=factor, total_iters=steps)
        return lrs.SequentialLR(optimizer, [rise, make(optimizer)], milestones=[steps])

    return sequence


def metric(update):
    """Falls, rests, rises: with whole thousandths, so that JSON holds it."""
    return round(2 * math.exp(-update / 9) + 0.2 * math.sin(1.7 * update) + 0.01 * max(0, update - 30), 3)


FALLING = [metric(update) for update in range(STEPS)]
RISING = [round(5 - value, 3) for value in FALLING]
ODD = [NAN, 3.0, NAN, NAN, INF, 2.0, NAN, 2.5, -1.0, NAN, -INF] + [-5.0] * (STEPS - 11)

CLOSED = [
    ({"kind": "constant"}, lambda o: lrs.LambdaLR(o, lambda t: 1)),
    ({"kind": "step", "stepSize": 1}, lambda o: lrs.StepLR(o, 1)),
    ({"kind": "step", "stepSize": 13, "gamma": 1.5}, lambda o: lrs.StepLR(o, 13, 1.5)),
    ({"kind": "multiStep", "milestones": [1, 2, 40]}, lambda o: lrs.MultiStepLR(o, [1, 2, 40])),
    ({"kind": "multiStep", "milestones": [], "gamma": 0.5}, lambda o: lrs.MultiStepLR(o, [], 0.5)),
    ({"kind": "exponential", "gamma": 1.01}, lambda o: lrs.ExponentialLR(o, 1.01)),
    ({"kind": "cosine", "period": 17}, lambda o: lrs.CosineAnnealingLR(o, 17)),
    ({"kind": "cosine", "period": 1, "minimum": 0.02}, lambda o: lrs.CosineAnnealingLR(o, 1, 0.02)),
    ({"kind": "oneCycle", "total": 60, "maximum": 0.3}, lambda o: lrs.OneCycleLR(o, 0.3, 60)),
    (
        {"kind": "oneCycle", "total": 60, "warmupShare": 0.21, "anneal": "linear", "divide": 4, "finalDivide": 10},
        lambda o: lrs.OneCycleLR(
            o, BASE, 60, pct_start=0.21, anneal_strategy="linear", div_factor=4, final_div_factor=10
        ),
    ),
    ({"kind": "oneCycle", "total": 60, "warmupShare": 0}, lambda o: lrs.OneCycleLR(o, BASE, 60, pct_start=0.0)),
    ({"kind": "oneCycle", "total": 60, "warmupShare": 1}, lambda o: lrs.OneCycleLR(o, BASE, 60, pct_start=1.0)),
    (
        {"kind": "constant", "warmup": {"steps": 9}},
        lambda o: lrs.LinearLR(o, total_iters=9),
    ),
    (
        {"kind": "step", "stepSize": 5, "gamma": 0.5, "warmup": {"steps": 1, "startFactor": 0.25}},
        warmed(1, 0.25, lambda o: lrs.StepLR(o, 5, 0.5)),
    ),
    (
        {"kind": "exponential", "gamma": 0.9, "warmup": {"steps": 20, "startFactor": 1}},
        warmed(20, 1, lambda o: lrs.ExponentialLR(o, 0.9)),
    ),
]
PLATEAUS = [
    ({}, {}, FALLING),
    ({"patience": 2}, {"patience": 2}, ODD),
    ({"mode": "max", "patience": 0, "factor": 0.7}, {"mode": "max", "patience": 0, "factor": 0.7}, ODD),
    (
        {"mode": "max", "patience": 3, "threshold": 0.02, "factor": 0.6, "cooldown": 4},
        {"mode": "max", "patience": 3, "threshold": 0.02, "factor": 0.6, "cooldown": 4},
        RISING,
    ),
    (
        {"patience": 1, "threshold": 0.05, "thresholdMode": "abs", "cooldown": 1, "minimum": 0.004},
        {"patience": 1, "threshold": 0.05, "threshold_mode": "abs", "cooldown": 1, "min_lr": 0.004},
        FALLING,
    ),
    (
        {"mode": "max", "patience": 1, "threshold": 0.1, "thresholdMode": "abs", "factor": 0.5, "epsilon": 0.002},
        {"mode": "max", "patience": 1, "threshold": 0.1, "threshold_mode": "abs", "factor": 0.5, "eps": 0.002},
        RISING,
    ),
    # The base rate lies below the minimum, and is not raised to it.
    ({"patience": 0, "minimum": 0.06}, {"patience": 0, "min_lr": 0.06}, FALLING),
]


def named(value):
    if math.isnan(value):
        return "NaN"
    return value if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")


def main():
    warnings.simplefilter("ignore")
    cases = [{"options": options, "learningRates": rates(make)} for options, make in CLOSED]
    for options, given, metrics in PLATEAUS:
        found = rates(lambda o, given=given: lrs.ReduceLROnPlateau(o, **given), metrics)
        cases.append(
            {
                "options": {"kind": "plateau", **options},
                "metrics": [named(value) for value in metrics],
                "learningRates": found,
            }
        )
    print(json.dumps({"baseRate": BASE, "cases": cases}))


main()
