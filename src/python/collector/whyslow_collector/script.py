"""A file without stages, run as `python FILE` would run it: once, as `__main__`, with its own arguments and folder. Whichever pass is asked for,
one run tells all: what a script does to files and tables it should not do again."""

import os
import sys
import types

from . import target
from .clock import now_ns


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
    """ns that it took. An exit of its own with nothing or 0 is an end like any other."""
    path = run.plan["file"]
    run.whereabouts.enter("profiled")
    main = types.ModuleType("__main__")
    main.__file__ = path
    main.__builtins__ = __builtins__
    sys.modules["__main__"] = main
    sys.argv = [path, *run.plan.get("arguments", ())]
    sys.path.insert(0, os.path.dirname(path))
    on()
    start = now_ns()
    try:
        exec(code, main.__dict__)
    except SystemExit as error:
        if error.code not in (None, 0):
            raise
    finally:
        took = now_ns() - start
        off()
    return took
