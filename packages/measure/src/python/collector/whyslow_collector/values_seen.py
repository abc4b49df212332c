"""Which places of the source are asked how often they run, and on what: those whose patterns (patterns.py) say nothing of it. A script is not looked at
call by call, and an attribute (`df.values`) is no call."""

import ast
import os
import sys

from . import pattern_names as known
from . import values

#: Values of a place that are looked at.
_MOST_LOOKS = 4
_LONGEST_PATH = 4096
#: A place that was asked so often is left alone.
MOST_COUNTED = 10_000
#: Gives its second argument back, and is native code.
AS_IT_IS = {}.get
#: How that is made in another process.
AWAY = getattr, ({}, "get")


class ValueSpot:
    """One place, and the hook that its value is handed through. `role`: which value that is, 'result', 'argument' or 'base'."""

    def __init__(self, seen, name, place, told):
        self.seen = seen
        self.name = name
        self.path, self.line, self.function = place
        self.callee, self.role = told
        self.count = 0
        self.fact = None
        self.paths = set()

    def __call__(self, _, value):
        if self.seen.is_counting:
            self.count += 1
            if self.count <= _MOST_LOOKS:
                self._look_at(value)
            if self.count >= MOST_COUNTED:
                sys._getframe(1).f_globals[self.name] = AS_IT_IS
        return value

    def __reduce__(self):
        return AWAY

    def _look_at(self, value):
        if self.fact is None or self.fact["kind"] == "nothing":
            self.fact = values.fact(value)
        if self.role != "result" and isinstance(value, (str, os.PathLike)) and len(os.fspath(value)) <= _LONGEST_PATH:
            self.paths.add(os.fspath(value))


def of_frames(node, resolve):
    """(callee as its pattern has it, what is looked at: 'result', 'argument' or 'base') of DataFrames made, and of `.values`; None: of nothing else."""
    if isinstance(node, ast.Attribute):
        return ("values", "base") if node.attr == "values" and isinstance(node.ctx, ast.Load) else None
    callee = resolve(node.func)
    return (callee, "result") if callee in known.FRAMES else None


def of_all(node, resolve):
    """The same of every call that is slow only where it is made again and again."""
    told = of_frames(node, resolve)
    if told or isinstance(node, ast.Attribute):
        return told
    callee = resolve(node.func)
    method = node.func.attr if isinstance(node.func, ast.Attribute) else None
    last = (callee or method or "").split(".")[-1]
    if callee in known.LOADS or last in known.LOAD_LAST:
        return callee or last, "result"
    if callee in known.JSON:
        return callee, "argument" if last in ("loads", "literal_eval") else "result"
    # A single number is made float32 as quickly as it is asked.
    if callee in known.TO_ARRAY and last != "float32":
        return callee, "argument"
    if callee == "pandas.get_dummies":
        return callee, "result"
    if method in known.FRAME_CONVERTS:
        return callee or method, "base"
    if callee in known.FILES:
        return callee, "argument"
    if method in known.FILE_METHODS:
        return callee or method, "base"
    return None
