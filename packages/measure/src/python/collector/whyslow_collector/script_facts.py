"""A script is run once, so everything that can be seen without changing it much is seen in that one run: the sampler's lines, how often its
loops run and on what, its imports, engines at work. What the sampler costs is measured beforehand, on a loop of our own."""

from .alternatives import alternatives
from .clock import MS, median, now_ns
from .import_times import ImportTimes
from .instead_of_sessions import as_batches
from .libraries import Libraries
from .loops_seen import LoopsSeen
from .module_file import read_source
from .patterns import patterns_of
from .places import shown
from .pools import process_facts
from .predictions import Failed, Garbage
from .profile import of_threads, tell
from .sampler import Sampler
from .script import SCRIPT, execute
from .values_seen import of_all

#: What runs fewer times in all is in no loop.
LEAST_TIMES = 4


def observed(run, tree):
    libraries = Libraries(run)
    libraries.start()
    loops = LoopsSeen(run.places, watched=of_all)
    loops.install()
    sampler = Sampler(run.places, run.whereabouts, run.plan.get("intervalUs", 1000) / 1e6)
    sampler.start()
    cost = sampler_cost(sampler)
    sampler.stacks.clear()
    sampler.looks = 0
    path = run.plan["file"]
    code = loops.compile(read_source(path), path)
    libraries.counting = loops.is_counting = True
    error = None
    imports = ImportTimes(path)
    # What modules collect while they are imported is a part of importing them.
    garbage = Garbage(imports.is_importing)
    before = process_facts()
    garbage.start()
    start = now_ns()
    try:
        took = execute(run, code, sampler.on, sampler.off)
    except BaseException as thrown:
        error, took = thrown, now_ns() - start
    garbage.stop()
    sampler.stop()
    rows = imports.stop()
    libraries.counting = loops.is_counting = False
    facts = {"gcMs": garbage.ns / MS, "gcPauses": garbage.pauses, "profilerCost": cost, **of_threads(sampler)}
    facts.update(process_facts(before, took))
    # Parts of the run: nothing of them was before it.
    run.send("imported", ms=imports.total_ms, target=SCRIPT)
    run.send("imports", imports=rows)
    if libraries.opening_ns is not None:
        run.send("loaded", ms=libraries.opening_ns / MS)
    run.send("script", totalMs=took / MS, marks=[])
    tell(run, sampler, 1, took / MS, [])
    run.send("loops", loops=loops.rows(1))
    run.send("sessions", sessions=libraries.rows(1, []))
    run.send("loaders", loaders=libraries.loading.rows(1))
    libraries.interpreters.warn(run.send)
    run.send("patterns", patterns=settled(patterns_of(run.places.user_files(), path), loops.values))
    run.send("calls", calls=loops.value_rows(1))
    run.send("process", facts=facts)
    if error is not None:
        raise Failed(error) from error
    run.send("alternatives", alternatives=[*alternatives(run, libraries), *as_batches(libraries)])


def settled(patterns, spots):
    """Patterns, those of places that ran a few times as what runs once. Of other places nothing is known."""
    counts = {}
    for spot in spots:
        key = (shown(spot.path), spot.line, spot.callee)
        counts[key] = counts.get(key, 0) + spot.count
    for pattern in patterns:
        if counts.get((pattern["file"], pattern["line"], pattern["callee"]), LEAST_TIMES) < LEAST_TIMES:
            pattern["once"] = True
    return patterns


def sampler_cost(sampler):
    """How much longer a loop of Python takes while the sampler looks, in turns."""

    def work():
        start, total = now_ns(), 0
        for number in range(60_000):
            total += number & 7
        return now_ns() - start

    work()
    with_it, without = [], []
    for _ in range(7):
        without.append(work())
        sampler.on()
        with_it.append(work())
        sampler.off()
    return max(0.0, median(with_it) / median(without) - 1)
