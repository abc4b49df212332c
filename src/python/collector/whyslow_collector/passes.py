"""The passes, each a process of its own. `time`: nothing but clocks. `profile`: the sampler. `facts`: calls, types, sizes, sessions."""

import sys
import time

from . import samples as reading
from . import script, target
from .clock import MS, now_ns
from .finishing import awaited
from .places import shown
from .predictions import Predictions, block, needs_samples, resident_bytes, slope

_BLOCKS = 6
#: Of the process, bytes, beyond what an allocator takes at a time.
_LEAST_GROWTH = 2_000_000


def run(run):
    plan = run.plan
    tree = target.parse(plan["file"])
    kind = target.kind_of(tree, plan.get("call"), bool(plan.get("data")))
    if kind == "script":
        script.run(run, tree)
    elif plan["pass"] == "time":
        timed(run, kind)
    elif plan["pass"] == "profile":
        from .profile import profiled

        profiled(run, prepare(run, kind))
    else:
        from .facts import observed

        observed(run, kind)


def prepare(run, kind, compile_source=None):
    """Everything up to the first call, which is made: imports, samples, the model."""
    plan, at = run.plan, run.whereabouts
    imports = ImportTimes(plan["file"]) if plan.get("importTimes") or plan["pass"] == "facts" else None
    at.enter("import")
    start = now_ns()
    module = target.import_file(plan["file"], compile_source or compiled)
    took = now_ns() - start
    found = target.target_of(module, kind, plan.get("call"))
    run.stage_names = [name for name, _ in found.stages]
    described = found.described()
    for place in described["places"]:
        if place:
            place["file"] = shown(place["file"])
    run.send("imported", ms=took / MS, target=described)
    if imports:
        run.send("imports", imports=imports.stop())
    model = load(run, found)
    at.enter("samples")
    samples, source = reading.read(found.samples, plan.get("data"), run.send)
    run.send("samples", count=len(samples), source=source)
    needs_samples(found, samples)
    predictions = Predictions(found, model, samples, at)
    predictions.model = model
    at.enter("first")
    marks, predictions.results = predictions.first()
    run.send("first", totalMs=(marks[-1] - marks[0]) / MS, stagesMs=differences(marks))
    return predictions


def load(run, found):
    if found.load is None:
        return None
    run.whereabouts.enter("load")
    start = now_ns()
    model = awaited(found.load()) if callable(found.load) else found.load
    run.send("loaded", ms=(now_ns() - start) / MS)
    return model


def compiled(source, path):
    return compile(source, path, "exec", dont_inherit=True)


def differences(marks):
    return [(later - earlier) / MS for earlier, later in zip(marks, marks[1:])]


def warm_up(run, predictions):
    run.whereabouts.enter("warm-up")
    start, calls = now_ns(), 0
    end = start + run.plan["warmUpMs"] * MS
    while calls < 2 or now_ns() < end:
        predictions.plain_once()
        calls += 1
        if calls >= 2 and now_ns() - start > 20 * run.plan["warmUpMs"] * MS:
            break
    run.send("warm", calls=calls, ms=(now_ns() - start) / MS)


def timed(run, kind):
    predictions = prepare(run, kind)
    warm_up(run, predictions)
    run.whereabouts.enter("timed")
    resident = []
    least = max(1, -(-run.plan["minCalls"] // _BLOCKS))
    for number in range(_BLOCKS):
        run.send("block", **block(predictions, number % 2 == 0, run.plan["budgetMs"] / _BLOCKS, least))
        resident.append((predictions.calls, resident_bytes()))
    facts = {}
    # The first third still fills caches and pools.
    later = [point for point in resident[_BLOCKS // 3 :] if point[1] is not None]
    rise = slope(later) if len(later) >= 3 else None
    if rise is not None:
        grows = all(b[1] > a[1] for a, b in zip(later, later[1:])) and later[-1][1] - later[0][1] >= _LEAST_GROWTH
        facts["leakBytesPerPrediction"] = rise if grows else 0
    run.send("process", facts=facts)


class ImportTimes:
    """
    How long each module took to import, its own part and with what it imports, as `-X importtime` has it, and the line of the user's own file
    that imported it first.
    """

    def __init__(self, file):
        import builtins

        self._builtins = builtins
        self._import = builtins.__import__
        self._stack = []
        self._found = {}
        self._file = file
        builtins.__import__ = self._timed

    def _timed(self, name, *args, **kwargs):
        level = args[3] if len(args) > 3 else kwargs.get("level", 0)
        if level or name in sys.modules:
            return self._import(name, *args, **kwargs)
        self._stack.append(0)
        start = time.perf_counter_ns()
        try:
            return self._import(name, *args, **kwargs)
        finally:
            total = time.perf_counter_ns() - start
            own = total - self._stack.pop()
            if self._stack:
                self._stack[-1] += total
            known = self._found.setdefault(name, [0, 0, self._line()])
            known[0] += own
            known[1] += total

    def _line(self):
        caller = sys._getframe(2)
        return caller.f_lineno if caller.f_code.co_filename == self._file else None

    def stop(self):
        self._builtins.__import__ = self._import
        rows = sorted(self._found.items(), key=lambda row: -row[1][1])[:40]
        return [{"module": name, "selfMs": own / MS, "totalMs": total / MS, "line": line} for name, (own, total, line) in rows]
