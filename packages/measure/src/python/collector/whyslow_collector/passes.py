"""The passes, each a process of its own. `time`: nothing but clocks. `profile`: the sampler. `facts`: calls, types, sizes, sessions. `torch`:
the modules of a PyTorch model, and other settings of it. `capture`: the models themselves, as files."""

import sys

from . import samples as reading
from . import script, target, torch_files
from .clock import MS, now_ns
from .errors import Contract
from .import_times import ImportTimes
from .module_file import import_file
from .places import shown
from .predictions import Predictions, block, resident_bytes, slope

_BLOCKS = 6
#: Growth of the process, bytes, beyond what an allocator takes at a time.
_LEAST_GROWTH = 2_000_000


def run(run):
    plan = run.plan
    is_model_file = torch_files.is_torch_file(plan["file"])
    tree = None if is_model_file else target.parse(plan["file"])
    kind = "stages" if is_model_file else target.kind_of(tree, plan.get("call"), bool(plan.get("data")))
    if plan["pass"] == "capture":
        from .capture import captured

        captured(run, kind, tree)
    elif kind == "script":
        target.check_unfed(tree, bool(plan.get("data")))
        script.run(run, tree)
    elif plan["pass"] == "time":
        timed(run)
    elif plan["pass"] == "profile":
        from .profile import profiled

        profiled(run, prepare(run))
    elif plan["pass"] == "torch":
        from .torch_pass import observed

        observed(run)
    else:
        from .facts import observed

        observed(run)


def prepare(run, compile_source=None):
    """Everything up to the first call, which is made: imports, samples, the model."""
    plan, at = run.plan, run.whereabouts
    imports = ImportTimes(plan["file"]) if plan.get("importTimes") or plan["pass"] == "facts" else None
    at.enter("import")
    sys.argv = [plan["file"], *plan.get("arguments", ())]
    start = now_ns()
    found = opened(plan, compile_source)
    took = now_ns() - start
    run.door = None if found.door is None else {**found.door, "file": shown(found.door["file"])}
    run.stage_names = [name for name, _ in found.stages]
    described = found.described()
    for place in described["places"]:
        if place:
            place["file"] = shown(place["file"])
    run.send("imported", ms=took / MS, target=described)
    if imports:
        run.send("imports", imports=imports.stop())
    run.made_up = bool(found.made_up and not plan.get("data"))
    reading.warn_of_made_up(found, plan.get("data"), run.send)
    model = load(run, found)
    at.enter("samples")
    samples, source = reading.read(found, plan.get("data"), run.send)
    run.send("samples", count=len(samples), source=source)
    if not samples and found.door is not None:
        from .torch_model import TELL

        raise Contract("it has model() and no example_inputs(): %s; or name samples with --data" % TELL)
    if not samples and found.needs_sample():
        raise Contract("%s needs something to work on: export samples(), or name samples with --data" % found.stages[0][0])
    predictions = Predictions(found, model, samples, at)
    predictions.model = model
    at.enter("first")
    marks, predictions.results = predictions.first()
    run.send("first", totalMs=(marks[-1] - marks[0]) / MS, stagesMs=differences(marks))
    return predictions


def opened(plan, compile_source):
    """The target that the file is."""
    if not torch_files.is_torch_file(plan["file"]):
        return target.target_of(import_file(plan["file"], compile_source), plan.get("call"), bool(plan.get("data")))
    from . import torch_model

    kept = torch_model.open_model(plan["file"])
    door = {"file": plan["file"], "line": 1, "function": None}
    return target.model_target(lambda: kept.model, lambda: kept.given, door)


def load(run, found):
    if found.load is None:
        return None
    run.whereabouts.enter("load")
    start = now_ns()
    model = found.loaded()
    run.send("loaded", ms=(now_ns() - start) / MS)
    return model


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


def timed(run):
    predictions = prepare(run)
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
