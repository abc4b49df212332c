"""Python imports this before the user's program, in each process that the program starts: whyslow puts its folder first in PYTHONPATH. The user's
own sitecustomize runs, too."""

import importlib.machinery
import os
import sys

_HERE = os.path.dirname(os.path.abspath(__file__))


def _run_the_users():
    others = [one for one in sys.path if os.path.abspath(one or os.curdir) != _HERE]
    spec = importlib.machinery.PathFinder.find_spec("sitecustomize", others)
    if spec is not None and spec.loader is not None:
        module = importlib.util.module_from_spec(spec)
        sys.modules["sitecustomize"] = module
        spec.loader.exec_module(module)


def _watch():
    folder = os.environ.get("WHYSLOW_WATCH")
    if not folder:
        return
    keeps_bytecode = sys.dont_write_bytecode
    sys.dont_write_bytecode = True  # none next to the package's own files
    sys.path.insert(0, os.path.dirname(_HERE))
    try:
        from whyslow_collector import watch

        watch.start(folder)
    except Exception as error:
        # The user's program runs in any case.
        sys.stderr.write("whyslow: this process is not watched (%s)\n" % error)
    finally:
        sys.path.pop(0)
        sys.dont_write_bytecode = keeps_bytecode


import importlib.util  # noqa: E402

_watch()
_run_the_users()
