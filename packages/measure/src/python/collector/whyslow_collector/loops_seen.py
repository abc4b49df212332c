"""How often the bodies of loops run, and what their names held when they began. The source of the user's own files is compiled with the iterable
of each `for` handed through a hook, which is asked once for each time a loop begins; values that are asked for (values_seen.py) likewise. Lines
stay where they are. A hook is a name of the module, since functions of a script that are sent to another process (joblib, Dask) take those along; there
it gives back what it was given."""

import ast
import builtins
import importlib.machinery
import importlib.util
import sys

from . import values
from .loops import kind_of, names_in
from .names_in_source import full_name, imported_names
from .places import shown
from .values_seen import AWAY, ValueSpot

HOOK = "__whyslow_loop__"
#: Each place that is asked for its values has a name of its own, since it is removed once it was asked often enough.
VALUE_HOOK = "__whyslow_value_%d__"
#: Most names of a loop that are examined.
_MOST_NAMES = 24
#: Called with what already has no length of its own; what they are given has.
_UNWRAPPED = {"enumerate", "reversed", "zip", "iter", "tqdm"}


class Spot:
    """One loop of the source."""

    def __init__(self, path, node, function, kind):
        self.path = path
        self.line = node.lineno
        self.end_line = node.end_lineno or node.lineno
        self.function = function
        self.kind = kind
        self.node = node
        self.names = sorted(names_in(node))[:_MOST_NAMES]
        self.entries = 0
        self.trips = 0
        self.operands = {}
        #: For whoever runs a replacement: copies of what the loop saw when it began, and what tells whether there is one.
        self.captured = None


class LoopsSeen:
    """
    `on_begin(spot, frame)`: called when a loop of a known kind begins, until it says that it has seen enough. `watched(node, resolve)`: which calls
    and attributes are asked for their values.
    """

    def __init__(self, places, on_begin=None, watched=lambda node, resolve: None):
        self.places = places
        self.spots = []
        self.values = []
        self.is_counting = False
        self.on_begin = on_begin
        self.watched = watched

    def compile(self, source, path):
        tree = ast.parse(source, path)
        wrap = Wrap(self, path, imported_names(tree))
        wrap.visit(tree)
        if wrap.hooks:
            hooks = [ast.alias(name, None) for name in sorted(wrap.hooks)]
            tree.body.insert(_begin_of(tree), ast.ImportFrom("builtins", hooks, 0))
        ast.fix_missing_locations(tree)
        return compile(tree, path, "exec", dont_inherit=True)

    def install(self):
        """So that user files which the user's code imports are compiled so, too."""
        setattr(builtins, HOOK, self)
        sys.meta_path.insert(0, _Finder(self))

    def __reduce__(self):
        return AWAY

    def __call__(self, number, iterable):
        """A loop begins."""
        spot = self.spots[number]
        spot.entries += 1
        if spot.entries <= 2 or self.on_begin is not None and spot.kind and spot.captured is None and self.is_counting:
            frame = sys._getframe(1)
            if not spot.operands:
                spot.operands = operands_of(spot, frame)
            if self.on_begin is not None and spot.kind:
                self.on_begin(spot, frame, iterable)
        if not self.is_counting:
            return iterable
        length = getattr(type(iterable), "__len__", None)
        if length is None:
            return counted(spot, iterable)
        try:
            spot.trips += length(iterable)
        except Exception:
            return counted(spot, iterable)
        return iterable

    def value_rows(self, predictions):
        """Rows of calls (facts.ts) for values that were requested, which nobody has timed; of many, as many as were counted."""
        return [
            {
                "file": shown(spot.path),
                "line": spot.line,
                "function": spot.function,
                "callee": spot.callee,
                "callsPerPrediction": spot.count / max(1, predictions),
                "timeMs": 0,
                "argument": spot.fact if spot.role != "result" else None,
                "result": spot.fact if spot.role == "result" else None,
                **({"varies": True} if len(spot.paths) > 1 else {}),
                "stage": None,
            }
            for spot in self.values
            if spot.count
        ]

    def rows(self, predictions):
        return [
            {
                "file": shown(spot.path),
                "line": spot.line,
                "endLine": spot.end_line,
                "function": spot.function,
                "tripsPerPrediction": spot.trips / max(1, predictions),
                "operands": spot.operands,
            }
            for spot in self.spots
            if spot.trips
        ]


def counted(spot, iterable):
    for one in iterable:
        spot.trips += 1
        yield one


def operands_of(spot, frame):
    """What the names of a loop hold when it begins, of those that hold something of several elements."""
    found = {}
    local = frame.f_locals
    for name in spot.names:
        value = local.get(name, frame.f_globals.get(name))
        told = values.fact(value)
        if told["kind"] in ("array", "typed-array", "ndarray", "tensor", "dataframe", "string"):
            found[name] = told
    return found


class Wrap(ast.NodeTransformer):
    def __init__(self, seen, path, names):
        self.seen = seen
        self.path = path
        self.names = names
        self.functions = []
        self.depth = 0
        self.hooks = set()

    def resolve(self, node):
        return full_name(node, self.names)

    def visit_FunctionDef(self, node):
        depth, self.depth = self.depth, 0
        self.functions.append(node.name)
        self.generic_visit(node)
        self.functions.pop()
        self.depth = depth
        return node

    visit_AsyncFunctionDef = visit_ClassDef = visit_FunctionDef

    def visit_For(self, node):
        kind = kind_of(node, self.resolve) if self.depth == 0 else None
        number = self._spot(node, kind)
        node.iter = self._handed(number, self.visit(node.iter))
        self.depth += 1
        node.body = [self.visit(one) for one in node.body]
        node.orelse = [self.visit(one) for one in node.orelse]
        self.depth -= 1
        return node

    def visit_ListComp(self, node):
        if node.generators[0].is_async:
            # What it goes over is asked for its items with `await`, which the hook does not.
            self.generic_visit(node)
            return node
        kind = kind_of(node, self.resolve) if self.depth == 0 else None
        number = self._spot(node, kind)
        self.generic_visit(node)
        node.generators[0].iter = self._handed(number, node.generators[0].iter)
        return node

    visit_GeneratorExp = visit_ListComp

    def visit_Call(self, node):
        if isinstance(node.func, ast.Attribute):
            node.func.is_called = True
        told = self.seen.watched(node, self.resolve)
        self.generic_visit(node)
        if told is None:
            return node
        callee, role = told
        if role == "argument" and (not node.args or isinstance(node.args[0], ast.Starred)):
            role = "result"
        looked = self._looked_at(node, callee, role)
        if role == "argument":
            node.args[0] = looked(node.args[0])
        elif role == "base":
            node.func.value = looked(node.func.value)
        return looked(node) if role == "result" else node

    def visit_Attribute(self, node):
        told = None if getattr(node, "is_called", False) else self.seen.watched(node, self.resolve)
        self.generic_visit(node)
        if told is not None:
            node.value = self._looked_at(node, *told)(node.value)
        return node

    def visit_match_case(self, node):
        """What stands for a pattern is no expression."""
        node.guard = node.guard and self.visit(node.guard)
        node.body = [self.visit(one) for one in node.body]
        return node

    def _looked_at(self, node, callee, role):
        """What hands an expression through a hook of its own."""
        name = VALUE_HOOK % len(self.seen.values)
        spot = ValueSpot(self.seen, name, (self.path, node.lineno, ".".join(self.functions) or None), (callee, role))
        self.seen.values.append(spot)
        setattr(builtins, name, spot)
        self.hooks.add(name)
        return lambda inner: ast.copy_location(ast.Call(ast.Name(name, ast.Load()), [ast.Constant(None), inner], []), inner)

    def _spot(self, node, kind):
        function = ".".join(self.functions) or None
        self.seen.spots.append(Spot(self.path, node, function, kind))
        return len(self.seen.spots) - 1

    def _handed(self, number, iterable):
        if isinstance(iterable, ast.Call) and isinstance(iterable.func, ast.Name) and iterable.func.id in _UNWRAPPED and iterable.args:
            if not isinstance(iterable.args[0], ast.Starred):
                iterable.args[0] = self._handed(number, iterable.args[0])
                return iterable
        self.hooks.add(HOOK)
        call = ast.Call(ast.Name(HOOK, ast.Load()), [ast.Constant(number), iterable], [])
        return ast.copy_location(call, iterable)


def _begin_of(tree):
    """Behind the docstring, and what must stand in front of all else."""
    for at, node in enumerate(tree.body):
        is_text = isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)
        if not is_text and not (isinstance(node, ast.ImportFrom) and node.module == "__future__"):
            return at
    return len(tree.body)


class _Loader(importlib.machinery.SourceFileLoader):
    seen = None

    def get_code(self, fullname):
        """Never a file of bytecode: that was compiled without."""
        path = self.get_filename(fullname)
        return self.source_to_code(self.get_data(path), path)

    def source_to_code(self, data, path, *, _optimize=-1):
        try:
            return self.seen.compile(importlib.util.decode_source(data), path)
        except RecursionError:
            return super().source_to_code(data, path)


class _Finder:
    def __init__(self, seen):
        self.seen = seen
        self.loader = type("Loader", (_Loader,), {"seen": seen})

    def find_spec(self, name, path=None, target=None):
        spec = importlib.machinery.PathFinder.find_spec(name, path, target)
        if spec is None or type(spec.loader) is not importlib.machinery.SourceFileLoader:
            return None
        if not self.seen.places.is_user(spec.origin or ""):
            return None
        spec.loader = self.loader(spec.loader.name, spec.loader.path)
        return spec
