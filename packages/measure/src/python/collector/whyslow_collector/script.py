"""A file without stages, run as `python FILE` would run it: once, as `__main__`, with its own arguments and folder. Whichever pass is asked for,
one run tells all: what a script does to files and tables it should not do again."""

import ast

from . import target
from .clock import now_ns
from .errors import Contract
from .module_file import run_main


SCRIPT = {"kind": "script", "stages": [], "places": []}


#: Statements that run nothing of the user's.
_DEFINES = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)


def modules_alone(tree):
    """Names of PyTorch modules, if the file defines some and does nothing else: as a script it would only be imported."""
    rest = [one for one in tree.body if not isinstance(one, _DEFINES) and not _is_constant(one)]
    bases = {one.name: [ast.unparse(base) for base in one.bases] for one in tree.body if isinstance(one, ast.ClassDef)}
    return [] if rest else [name for name, named in bases.items() if any(base.split(".")[-1] == "Module" for base in named)]


def _is_constant(statement):
    """A docstring, or a name for a value that nothing is called for."""
    if not isinstance(statement, (ast.Expr, ast.Assign, ast.AnnAssign)) or statement.value is None:
        return False
    return not any(isinstance(one, (ast.Call, ast.Await)) for one in ast.walk(statement.value))


def run(run, tree):
    modules = modules_alone(tree)
    if modules:
        made = "`def model(): return %s()` and `def example_inputs(): return (torch.rand(1, 3, 224, 224),)`" % modules[-1]
        raise Contract("it defines %s and runs nothing: add %s" % (" and ".join(modules[-2:]), made))
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
