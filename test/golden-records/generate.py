"""Writes scalars.tfevents with TensorBoard's own classes, and reads it back as TensorBoard does.

    python generate.py write OUT_DIR    writes the file
    python generate.py read PLACE       prints what TensorBoard reads in a file, or in a folder of event files

Needs tensorboard.
"""
import json
import os
import sys

from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.compat.proto.event_pb2 import Event
from tensorboard.compat.proto.summary_pb2 import Summary
from tensorboard.summary.writer.record_writer import RecordWriter

BEGIN = 1_714_564_800.25
SCALARS = [
    (BEGIN + 1.5, 1, [("step/loss", 0.6931471805599453), ("step/gradNorm", 1e-30)]),
    (BEGIN + 2, 127, [("step/loss", -0.1), ("step/gradNorm", float("nan"))]),
    (BEGIN + 3, 128, [("step/loss", float("inf")), ("step/gradNorm", 1e39)]),
    (BEGIN + 4, 200, []),
    (BEGIN + 5, 2**31, [("epoch/validationLoss", 0.25)]),
    (BEGIN + 6, 2**53 - 1, [("epoch/" + "\u00e9\u4e2d\U0001f600 " * 16, 1)]),
]


def write(folder):
    with open(os.path.join(folder, "scalars.tfevents"), "wb") as file:
        writer = RecordWriter(file)
        writer.write(Event(wall_time=BEGIN, file_version="brain.Event:2").SerializeToString())
        for wall_time, step, values in SCALARS:
            summary = Summary(value=[Summary.Value(tag=tag, simple_value=value) for tag, value in values])
            writer.write(Event(wall_time=wall_time, step=step, summary=summary).SerializeToString())
        writer.flush()


def read(path):
    events = EventAccumulator(path)
    events.Reload()
    for tag in events.Tags()["scalars"]:
        scalars = [[scalar.wall_time, scalar.step, scalar.value] for scalar in events.Scalars(tag)]
        print(json.dumps({"tag": tag, "scalars": scalars}, ensure_ascii=False))


{"write": write, "read": read}[sys.argv[1]](sys.argv[2])
