"""A file without stages, run as `python FILE` would run it: once, as `__main__`, with its own arguments and folder. Whichever pass is asked for,
one run tells all: what a script does to files and tables it should not do again."""

from . import target
from .clock import now_ns
from .module_file import run_main


SCRIPT = {"kind": "script", "stages": [], "places": []}


def run(run, tree):
    # Said again with what its imports took, once that is known.
    run.send("imported", ms=0, target=SCRIPT)
    run.send("samples", count=0, source="none")
    if target.predict_of(tree, False) is not None:
        run.send("warning", text="it has a predict, and nothing to feed it with: it was run as a script; samples() or --data make it stages")
    from .script_facts import observed

    observed(run, tree)


def execute(run, code, on=lambda: None, off=lambda: None):
    """ns that it took."""
    run.whereabouts.enter("profiled")
    on()
    start = now_ns()
    try:
        run_main(run.plan["file"], run.plan.get("arguments", ()), code)
    finally:
        took = now_ns() - start
        off()
    return took
