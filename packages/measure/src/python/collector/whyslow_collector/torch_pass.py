"""The pass that divides the time of a PyTorch model, as the user's code calls it: modules, operators, dispatch, what it reads and copies, and other settings in
turns. Nothing is told where the user's code calls no module."""

import os
import sys

from . import torch_model, torch_modules, torch_operators, torch_trials
from .clock import MS, median
from .places import shown, usable_cpus

#: Predictions that are watched operator by operator.
_WATCHED = 5
_SLOWEST_WATCHED_MS = 2000
#: Shorter passes are those of --quick.
_COMPILES_FROM_MS = 1000


def observed(run):
    from .passes import prepare, warm_up

    torch_trials.without_traces(os.path.dirname(run.plan.get("stateFile") or "") or ".")
    predictions = prepare(run)
    torch = sys.modules.get("torch")
    if torch is None:
        return
    warm_up(run, predictions)
    run.whereabouts.enter("facts")
    place = lambda: torch_operators.place_of(run.places, 3)  # noqa: E731
    watch = torch_modules.Outermost(torch, place)
    watch.start()
    try:
        predictions.plain_staged()
    finally:
        watch.stop()
    found = watch.most()
    if found is None:
        return
    facts = facts_of(run, torch, predictions, found)
    run.send("torch", facts=facts)
    if facts["device"] != "cpu":
        run.send("warning", text="the model is on %s: its modules are timed there, and no other setting was tried" % facts["device"])
        return
    root, is_compiled = torch_modules.inner_of(found.module)
    compiles = run.plan["budgetMs"] >= _COMPILES_FROM_MS
    broken = torch_trials.breaks_of(torch, found, root) if compiles and not isinstance(root, torch.jit.ScriptModule) else None
    if is_compiled:
        if broken is not None:
            run.send("torchTrial", trial={**torch_trials.as_compiled(), **_breaks(broken)})
        return
    # Compiling is at work for long without a word.
    run.whereabouts.enter("load")
    for trial in torch_trials.trials_of(torch, found, root, usable_cpus(), compiles):
        row = torch_trials.tried(torch, found, root, trial)
        if trial.id == "compile" and broken is not None:
            row.update(_breaks(broken))
        run.send("torchTrial", trial=row)


def _breaks(broken):
    told = [{**one, "file": None if one["file"] is None else shown(one["file"])} for one in broken["breaks"]]
    return {"graphs": broken["graphs"], "breaks": told}


def facts_of(run, torch, predictions, found):
    root, is_compiled = torch_modules.inner_of(found.module)
    nodes = torch_modules.nodes_of(root)
    predict = lambda: predictions.plain_staged()  # noqa: E731
    once_ms = median([predict() for _ in range(3)]) / MS
    stack = torch_modules.Stack()
    sites, runs, reads = [], 1, []
    if not is_compiled:
        with torch_modules.Wrapped(nodes, stack.wrap):
            predict()
        if once_ms <= _SLOWEST_WATCHED_MS:
            calls = {one: one.calls for one in nodes}
            with torch_modules.Wrapped(nodes, stack.wrap):
                reads = torch_operators.reads_of(torch, run.places, stack, predict)
                sites, runs = torch_operators.watched(torch, run.places, stack, predict, _WATCHED), _WATCHED
            for one in nodes:
                one.calls = calls[one]
            for site in sites:
                if site.node is not None:
                    site.node.operators += site.calls / runs
    recompiles = recompiled(torch)
    whole_ns, added, prediction_ns = torch_modules.timed(nodes if not is_compiled else [torch_modules.Node("", found.module)], predict, run.plan["budgetMs"])
    torch_operators.fit(sites, runs, whole_ns)
    if found.gradients:
        # To look into what is compiled would compile it anew.
        found.tracks = any(one.requires_grad for one in root.parameters()) if is_compiled else torch_model.tracks_gradients(torch, predict)
    parameters = [one for one in root.parameters()]
    count = sum(one.calls for one in sites) / runs
    return {
        "version": torch.__version__,
        "build": build_of(torch),
        "root": type(root).__name__,
        "ran": found.stack or run.door,
        "runsPerPrediction": found.calls,
        "device": str(parameters[0].device.type) if parameters else "cpu",
        "dtype": str(parameters[0].dtype).replace("torch.", "") if parameters else None,
        "parameters": sum(one.numel() for one in parameters),
        "threads": torch.get_num_threads(),
        "usableCpus": usable_cpus(),
        "gradients": found.tracks,
        "training": torch_model.in_training(root),
        "compiled": is_compiled,
        "recompiles": recompiles,
        "predictionMs": prediction_ns / MS,
        "p50Ms": whole_ns / MS,
        "clocksAdded": added,
        "modules": torch_modules.rows_of(nodes, whole_ns, lambda module: _place(run, module)) if not is_compiled else [],
        "operators": torch_operators.operator_rows(sites, runs),
        "operatorsPerPrediction": count if sites else None,
        "moduleCalls": sum(one.calls for one in nodes),
        "operatorNs": torch_operators.empty_operator_ns(torch, found.tracks),
        "moduleNs": torch_operators.empty_module_ns(torch),
        "copies": torch_operators.copy_rows(sites, runs),
        "reads": reads,
    }


def recompiled(torch):
    """How often torch.compile compiled code anew so far; None: nothing is compiled."""
    dynamo = sys.modules.get("torch._dynamo.utils")
    try:
        return int(sum(dynamo.counters["recompiles"].values())) if dynamo is not None else None
    except Exception:
        return None


def build_of(torch):
    """What the package was built with, and for."""
    capability = getattr(getattr(torch.backends, "cpu", None), "get_cpu_capability", lambda: None)()
    return {
        "capability": capability,
        "onednn": bool(torch.backends.mkldnn.is_available()),
        "openmp": bool(torch.backends.openmp.is_available()),
        "mkl": bool(torch.backends.mkl.is_available()),
        "cuda": torch.version.cuda,
        "gpu": bool(torch.cuda.is_available()),
    }


def _place(run, module):
    """Where the class's forward is written, if that is the user's own code."""
    code = getattr(getattr(type(module), "forward", None), "__code__", None)
    if code is None or not run.places.is_user(code.co_filename):
        return None
    return {"file": shown(code.co_filename), "line": code.co_firstlineno}
