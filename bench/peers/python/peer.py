"""A contender in Python: speaks the bench's line protocol (../../README.md) for one framework.

    peer.py FRAMEWORK JOB    serves a job
    peer.py --list           prints the frameworks that are installed, with their versions, as JSON
"""

import importlib
import importlib.metadata
import json
import math
import os
import resource
import statistics
import sys
import time

# Name of the framework: its module here, and the distributions that it may come from.
FRAMEWORKS = {
    "pytorch": ("torch_peer", ["torch"]),
    "onnxruntime": ("onnx_peer", ["onnxruntime"]),
    "jax": ("jax_peer", ["jax"]),
    "tensorflow": ("tensorflow_peer", ["tensorflow", "tensorflow-cpu"]),
}

# Samples take about this long, so that the time for reading the clock is negligible.
SAMPLE_SECONDS = 1e-3

# Libraries may print to standard output, so the protocol uses its own copy of it.
REPLIES = os.fdopen(os.dup(1), "w")
os.dup2(2, 1)


class Unsupported(Exception):
    """Why a framework cannot do a job."""


def say(**reply):
    REPLIES.write(json.dumps(reply) + "\n")
    REPLIES.flush()


def version_of(framework):
    for distribution in FRAMEWORKS[framework][1]:
        try:
            return importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            pass
    return None


def list_frameworks():
    versions = {name: version_of(name) for name in FRAMEWORKS}
    REPLIES.write(json.dumps({name: found for name, found in versions.items() if found}) + "\n")
    REPLIES.flush()


def resident_bytes():
    with open("/proc/self/statm", encoding="ascii") as file:
        return int(file.read().split()[1]) * resource.getpagesize()


def restrict_cores(threads):
    """Limits the process to as many cores as threads: some frameworks have no option for this."""
    if hasattr(os, "sched_setaffinity"):
        cores = sorted(os.sched_getaffinity(0))
        os.sched_setaffinity(0, cores[:threads])


def measure(run, seconds, calls):
    """The median time of a call in seconds, over some seconds of samples, at least one."""
    samples = []
    start = time.perf_counter()
    while not samples or time.perf_counter() - start < seconds:
        began = time.perf_counter()
        for _ in range(calls):
            run()
        samples.append((time.perf_counter() - began) / calls)
    return statistics.median(samples)


def write_results(job, results):
    import numpy

    for name, value in results.items():
        array = numpy.ascontiguousarray(value, dtype=numpy.float32)
        array.tofile(os.path.join(job["results"], name + ".f32"))
    return list(results)


def obey(job, runner):
    calls = 1
    for line in sys.stdin:
        command, _, seconds = line.strip().partition(" ")
        if command == "check":
            say(wrote=write_results(job, runner.check()))
        elif command == "memory":
            say(peak=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024)
        else:
            figure = measure(runner.run, float(seconds), calls)
            calls = max(1, math.ceil(SAMPLE_SECONDS / figure))
            say(median=figure)


def serve(framework, path):
    with open(path, encoding="utf-8") as file:
        job = json.load(file)
    # Before the framework is loaded, since it then chooses the sizes of its pools.
    os.environ["OMP_NUM_THREADS"] = str(job["threads"])
    if framework in ("jax", "tensorflow"):
        restrict_cores(job["threads"])
    module = importlib.import_module(FRAMEWORKS[framework][0])
    memory = resident_bytes()
    try:
        runner = module.prepare(job, Unsupported)
    except Unsupported as reason:
        say(unsupported=str(reason))
        return
    say(ready={"version": version_of(framework), "memory": memory})
    obey(job, runner)


def main():
    if sys.argv[1:] == ["--list"]:
        list_frameworks()
        return
    try:
        serve(sys.argv[1], sys.argv[2])
    except Exception as error:  # noqa: BLE001 - whatever it is, the bench reports it
        say(failed=f"{type(error).__name__}: {error}")


if __name__ == "__main__":
    main()
