"""One pass of the user's code: the plan comes as the first line, messages go back until `bye` (packages/code/src/protocol.ts)."""

import atexit
import contextlib
import faulthandler
import os
import platform
import sys
import threading
import time
import traceback

from .errors import Contract, reason_of
from .places import Places, innermost, shown
from .predictions import Failed
from .standstill import Standstill
from .whereabouts import Whereabouts
from .wire import Lines

_PACKAGES = {
    "numpy": "numpy",
    "pandas": "pandas",
    "sklearn": "scikit-learn",
    "xgboost": "xgboost",
    "lightgbm": "lightgbm",
    "onnxruntime": "onnxruntime",
    "tensorflow": "tensorflow",
    "keras": "keras",
    "torch": "torch",
    "ai_edge_litert": "ai-edge-litert",
    "scipy": "scipy",
    "transformers": "transformers",
    "tokenizers": "tokenizers",
    "PIL": "pillow",
    "cv2": "opencv-python",
}

#: What was registered for the end may wait for somebody.
_LONGEST_END_S = 5


class Run:
    """What every pass has at hand."""

    def __init__(self, plan, wire):
        self.plan = plan
        self.wire = wire
        self.send = wire.send
        self.whereabouts = Whereabouts(plan.get("stateFile"))
        self.places = Places([plan["file"]])
        self.stage_names = []
        #: The place of `model()`, where whyslow itself calls what that returns.
        self.door = None
        #: Whether the samples are whyslow's own.
        self.made_up = False


def main():
    if sys.argv[1:] == ["engine"]:
        from .engines import serve

        serve()
        return
    if sys.argv[1:] == ["export"]:
        from .torch_export import serve

        serve()
        return
    if sys.argv[1:] == ["generator"]:
        from .generators import serve

        serve()
        return
    if sys.argv[1:2] == ["contestant"]:
        from .contestant import serve

        serve()
        return
    wire = Lines()
    plan = wire.receive()
    if plan is None:
        return
    faulthandler.enable(2)
    run = Run(plan, wire)
    end_with(os.getppid(), Standstill(run).look)
    forks = watch_forks(run)
    hello(run)
    code = 0
    try:
        from . import passes

        passes.run(run)
    except Failed as error:
        code = failed(run, error.error)
    except BaseException as error:
        code = failed(run, error)
    if forks:
        run.send("warning", text="it forks: %s; what the children do is not seen" % ", ".join(sorted(forks)))
    finish(run, code)


def watch_forks(run):
    """Where it forks, by stage. What comes back from the user's code in a child ends there."""
    forks = set()
    if not hasattr(os, "register_at_fork"):
        return forks

    def in_parent():
        at = run.whereabouts.stage
        forks.add("in %s()" % run.stage_names[at] if 0 <= at < len(run.stage_names) else "outside its stages")

    os.register_at_fork(after_in_parent=in_parent, after_in_child=run.whereabouts.leave)
    return forks


def finish(run, code):
    """Threads that the user's code left do not keep the process; what it registered for the end runs all the same."""
    if run.whereabouts.left:
        os._exit(code)
    run.whereabouts.enter("end")
    hello(run)
    run.send("bye")
    threading.Timer(_LONGEST_END_S, os._exit, (0,)).start()
    atexit._run_exitfuncs()
    flush()
    os._exit(0)


def hello(run):
    """Said again at the end, when the packages are known."""
    run.send(
        "hello",
        language="python",
        runtime={
            "name": platform.python_implementation().lower(),
            "version": platform.python_version(),
            "executable": sys.executable,
        },
        pid=os.getpid(),
        packages=packages(),
    )


def packages():
    """Versions of those that matter and that the user's code has imported."""
    found = {}
    for module, name in _PACKAGES.items():
        version = getattr(sys.modules.get(module), "__version__", None)
        if isinstance(version, str):
            found[name] = version
    return found


def failed(run, error):
    """Gives the exit code."""
    contract = isinstance(error, Contract)
    at = run.whereabouts
    place = innermost(error.__traceback__, run.places) or run.door
    in_call = at.phase in ("first", "warm-up", "timed", "profiled", "facts")
    reason = str(error)
    if not contract:
        from .hints import hint_of

        hint = hint_of(error, run, in_call)
        reason = (reason_of(error).rstrip(". ") if hint else reason_of(error)) + hint
    names = run.stage_names
    stage = names[at.stage] if in_call and 0 <= at.stage < len(names) else None
    run.send(
        "failed",
        phase=at.phase,
        stage=stage,
        sample=at.sample if in_call and at.sample >= 0 else None,
        reason=reason,
        place={"file": shown(place["file"]), "line": place["line"]} if place and not contract else None,
        contract=contract,
    )
    if not contract:
        traceback.print_exception(type(error), error, error.__traceback__)
    return 0 if contract else 1


def flush():
    for stream in (sys.stdout, sys.stderr):
        try:
            stream.flush()
        except Exception:
            pass


def end_with(parent, each_second=None):
    """Nobody is left to end this process once whyslow was killed. `each_second()` is called meanwhile."""
    if not hasattr(os, "getppid") or sys.platform == "win32":
        return

    def watch():
        while os.getppid() == parent:
            time.sleep(1)
            if each_second is not None:
                with contextlib.suppress(Exception):
                    each_second()
        os._exit(1)

    threading.Thread(target=watch, name="whyslow-parent", daemon=True).start()



