"""The pass that looks at what the user's code does, at whatever cost: how often loops run, which engines are at work and on what, what each
stage uses, which calls its lines make. The order is from what disturbs least to what disturbs most."""

import tracemalloc

from . import values
from .alternatives import alternatives, prepared
from .calls import Calls
from .clock import MS, median, now_ns
from .instead_of_calls import instead_of_calls
from .instead_of_pixels import instead_of_pixels
from .instead_of_sessions import instead_of_sessions
from .libraries import Libraries
from .loops_seen import LoopsSeen
from .patterns import patterns_of
from .pools import process_facts
from .predictions import Failed, Garbage
from .sampler import Sampler
from .values_seen import of_frames

#: Blocks of tracemalloc cost a multiple of the calls they watch.
_SLOWEST_TRACED_MS = 4000


def observed(run):
    from .passes import prepare, warm_up

    libraries = Libraries(run)
    libraries.start()
    loops = LoopsSeen(run.places, watched=of_frames)
    loops.install()
    predictions = prepare(run, loops.compile)
    warm_up(run, predictions)
    run.whereabouts.enter("facts")
    start = now_ns()
    predictions.plain_staged()
    once_ms = (now_ns() - start) / MS
    accounts = count(run, predictions, libraries, loops)
    watched, calls, watched_ms = watch_calls(run, predictions, once_ms)
    calls.extend(loops.value_rows(accounts.predictions))
    allocated = trace(predictions, once_ms)
    names = run.stage_names
    patterns = named_as_called(patterns_of(run.places.user_files()), calls)
    run.send("stages", stages=stage_rows(names, accounts, allocated, predictions.results), p50Ms=accounts.once_ms)
    run.send("loops", loops=loops.rows(accounts.predictions))
    run.send("calls", calls=calls, p50Ms=watched_ms)
    run.send("sessions", sessions=libraries.rows(accounts.predictions, names))
    run.send("loaders", loaders=libraries.loading.rows(accounts.predictions))
    libraries.interpreters.warn(run.send)
    run.send("patterns", patterns=patterns)
    run.send("process", facts=accounts.facts)
    preparing = prepared(libraries, accounts.predictions)
    pixels = instead_of_pixels(run.places.user_files(), predictions.plain_staged)
    ways = [*alternatives(run, libraries), *preparing, *instead_of_sessions(libraries), *instead_of_calls(watched, patterns), *pixels]
    run.send("alternatives", alternatives=ways)


def named_as_called(patterns, calls):
    """A method's full name is known once it was called: 'model.predict' becomes 'keras.Model.predict'."""
    by_place = {}
    for call in calls:
        by_place.setdefault((call["file"], call["line"]), []).append(call["callee"])
    for pattern in patterns:
        callee = pattern["callee"]
        if callee is None:
            continue
        for line in range(pattern["line"], min(pattern["endLine"], pattern["line"] + 20) + 1):
            names = by_place.get((pattern["file"], line), ())
            same = [name for name in names if name.rsplit(".", 1)[-1] == callee.rsplit(".", 1)[-1]]
            if callee not in names and same:
                pattern["callee"] = same[0]
                break
    return patterns


class Accounts:
    """What stages used, over `predictions` of them."""

    def __init__(self, stages):
        self.predictions = 0
        #: One of them, with all that looks on.
        self.once_ms = 0
        self.cpu = [0] * stages
        self.native = [0.0] * stages
        self.wait = [0.0] * stages
        self.gc = [0] * stages
        self.facts = {}


def count(run, predictions, libraries, loops):
    stages = len(predictions.stages)
    accounts = Accounts(stages)
    sampler = Sampler(run.places, run.whereabouts)
    garbage = StageGarbage(run.whereabouts, accounts)
    before = process_facts()
    sampler.start()
    garbage.start()
    libraries.counting = loops.is_counting = True
    sampler.on()
    start = now_ns()
    end = start + run.plan["budgetMs"] / 3 * MS
    counted = predictions.counted(accounts.cpu)
    while accounts.predictions < 2 or now_ns() < end:
        counted()
        accounts.predictions += 1
    wall = now_ns() - start
    accounts.once_ms = wall / MS / accounts.predictions
    sampler.off()
    libraries.counting = loops.is_counting = False
    garbage.stop()
    sampler.stop()
    for (stage, _), (_, native, wait, _) in sampler.stacks.items():
        if 0 <= stage < stages:
            accounts.native[stage] += native
            accounts.wait[stage] += wait
    accounts.facts = {
        "gcMs": garbage.ns / MS / accounts.predictions,
        "gcPauses": garbage.pauses / accounts.predictions,
        **process_facts(before, wall),
    }
    if sampler.several:
        accounts.facts["gilWaitShare"] = sampler.gil_looks / max(1, sampler.looks)
    return accounts


class StageGarbage(Garbage):
    def __init__(self, whereabouts, accounts):
        super().__init__()
        self.whereabouts = whereabouts
        self.accounts = accounts

    def _told(self, phase, info):
        before = self.ns
        super()._told(phase, info)
        stage = self.whereabouts.stage
        if 0 <= stage < len(self.accounts.gc):
            self.accounts.gc[stage] += self.ns - before


def watch_calls(run, predictions, once_ms):
    """Them, their rows, and the median of a prediction meanwhile."""
    calls = Calls(run, predictions.samples)
    took, end = [], now_ns() + min(run.plan["budgetMs"] / 3, 20 * once_ms) * MS
    calls.start()
    try:
        while len(took) < 2 or now_ns() < end:
            took.append(predictions.plain_staged())
            calls.end_prediction()
            if calls.is_full:
                break
    finally:
        calls.stop()
    if calls.is_full:
        run.send("warning", text="it makes so many calls that only the first were looked at")
    return calls, calls.rows(len(took), run.stage_names), median(took) / MS


def trace(predictions, once_ms):
    """Bytes that each stage held at most, beyond what was there when it began; None where tracing would take too long."""
    if once_ms > _SLOWEST_TRACED_MS:
        return None
    held = [0] * len(predictions.stages)
    tracemalloc.start(1)
    try:
        predictions.traced(held)
    except Failed:
        return None
    finally:
        tracemalloc.stop()
    return held


def stage_rows(names, accounts, allocated, results):
    count = max(1, accounts.predictions)
    return [
        {
            "name": name,
            "cpuMs": accounts.cpu[at] / MS / count,
            "nativeMs": accounts.native[at] / MS / count,
            "waitMs": accounts.wait[at] / MS / count,
            "gcMs": accounts.gc[at] / MS / count,
            "allocatedBytes": None if allocated is None else allocated[at],
            "eventLoopDelayMs": None,
            "result": values.fact(results[at]) if at < len(results) else None,
        }
        for at, name in enumerate(names)
    ]


