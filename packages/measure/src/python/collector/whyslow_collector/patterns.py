"""What the source says, by Python's own `ast`: where the patterns stand that may be slow (packages/code/src/facts.ts has their names). Whether they
are, measuring says."""

import ast

from . import pattern_names as known
from .loops import is_number_function, kind_of
from .module_file import read_source
from .names_in_source import COMPREHENSIONS, full_name, imported_names, last_name
from .places import shown
from .tokenizers import tokenizer_in

_LONGEST_CODE = 80


def patterns_of(paths, script=None):
    """Patterns of all files that can be read; `script`: the file that runs from top to bottom."""
    found = []
    for path in paths:
        try:
            source = read_source(path)
            tree = ast.parse(source, path)
        except (OSError, SyntaxError, ValueError, RecursionError):
            continue
        try:
            found.extend(Patterns(path, source, tree, path == script).found())
        except RecursionError:
            continue
    return found


class Scope:
    def __init__(self, name, node, once, is_async):
        self.name = name
        self.node = node
        self.once = once
        self.is_async = is_async
        self.lists = set()
        self.own = own_names(node)
        self.texts = set()


def own_names(node):
    """Parameters and variables of a function; of anything else none."""
    if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
        return set()
    shared = {name for one in ast.walk(node) if isinstance(one, (ast.Global, ast.Nonlocal)) for name in one.names}
    stored = {one.id for one in ast.walk(node) if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)}
    return ({one.arg for one in ast.walk(node.args) if isinstance(one, ast.arg)} | stored) - shared


class Patterns(ast.NodeVisitor):
    def __init__(self, path, source, tree, is_script):
        self.file = shown(path)
        self.lines = source.splitlines()
        self.tree = tree
        self.is_script = is_script
        self.names = imported_names(tree)
        self.scopes = [Scope(None, tree, True, False)]
        self.loops = []
        self.guards = 0
        self.no_grad = 0
        self.inside = None
        self.rows = []
        self.has_eval = any(
            isinstance(node, ast.Attribute) and node.attr == "eval" or isinstance(node, ast.Name) and node.id == "pipeline"
            for node in ast.walk(tree)
        )
        self.module_names = {
            target.id
            for one in tree.body
            if isinstance(one, (ast.Assign, ast.AnnAssign))
            for target in (one.targets if isinstance(one, ast.Assign) else [one.target])
            if isinstance(target, ast.Name)
        }
        self.functions = {node.name: node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        self.each_makers = self._made_of_each(tree)
        self.uses_torch = any(name.split(".")[0] == "torch" for name in self.names.values())

    def found(self):
        self._names_of(self.scopes[0], self.tree)
        self.visit(self.tree)
        return self.rows

    def _made_of_each(self, tree):
        """Names of functions that call another one for each number: f = np.vectorize(g), @np.vectorize."""
        found = set()
        for node in ast.walk(tree):
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Call) and self.resolve(node.value.func) in known.EACH_MAKERS:
                found.update(target.id for target in node.targets if isinstance(target, ast.Name))
            if isinstance(node, ast.FunctionDef) and any(self.resolve(_called(one)) in known.EACH_MAKERS for one in node.decorator_list):
                found.add(node.name)
        return found

    # names -------------------------------------------------------------------------------------------------------------------------------

    def resolve(self, node):
        """The full name of what stands here: 'numpy.append'; of what is not imported as it is written; None where it has no name."""
        return full_name(node, self.names)

    def add(self, pattern, node, callee=None, once=None, **more):
        scope = self.scopes[-1]
        loop = self.loops[-1] if self.loops else None
        settled = scope.once or self.guards > 0
        if self.is_script and scope.node is self.tree:
            settled = loop is None and pattern in ("model-load", "file-read", "thread-setting", "regex-compiled")
        self.rows.append(
            {
                "pattern": pattern,
                "file": self.file,
                "line": node.lineno,
                "endLine": max(node.end_lineno or node.lineno, getattr(node, "span_end", 0)),
                "function": scope.name,
                "loop": None
                if loop is None
                else {"line": loop.lineno, "endLine": loop.end_lineno or loop.lineno, "depth": len(self.loops)},
                "once": settled if once is None else once,
                "code": self.code_of(node),
                "callee": callee,
                "inside": self.inside,
                **more,
            }
        )

    def code_of(self, node):
        text = self.lines[node.lineno - 1].strip() if node.lineno <= len(self.lines) else ""
        return text if len(text) <= _LONGEST_CODE else text[: _LONGEST_CODE - 1] + "…"

    # scopes ------------------------------------------------------------------------------------------------------------------------------

    def visit_FunctionDef(self, node, is_async=False):
        outer = self.scopes[-1]
        decorators = [self.resolve(one.func if isinstance(one, ast.Call) else one) or "" for one in node.decorator_list]
        for decorator, name in zip(node.decorator_list, decorators):
            if name in known.TRACED and outer.node is not self.tree and not isinstance(outer.node, ast.ClassDef):
                self.add("traced-function-made", node, name)
            self.visit(decorator)
        cached = any(name.split(".")[-1] in known.CACHES for name in decorators)
        once = cached or node.name in known.ONCE_FUNCTIONS or (outer.once and outer.node is not self.tree and not isinstance(outer.node, ast.ClassDef))
        name = node.name if outer.name is None else outer.name + "." + node.name
        scope = Scope(name, node, once, is_async)
        self._names_of(scope, node)
        loops, self.loops = self.loops, []
        guarded, self.guards = self.guards, 0
        no_grad, self.no_grad = self.no_grad, sum(1 for one in decorators if one.split(".")[-1] in known.NO_GRAD)
        inside, self.inside = self.inside, None
        self.scopes.append(scope)
        tokenizer = tokenizer_in(node, self.resolve)
        if tokenizer is not None:
            self.add("hand-tokenizer", tokenizer)
        for statement in node.body:
            self.visit(statement)
        self.scopes.pop()
        self.loops, self.guards, self.no_grad, self.inside = loops, guarded, no_grad, inside

    def visit_AsyncFunctionDef(self, node):
        self.visit_FunctionDef(node, is_async=True)

    def visit_ClassDef(self, node):
        outer = self.scopes[-1]
        name = node.name if outer.name is None else outer.name + "." + node.name
        self.scopes.append(Scope(name, node, False, False))
        self.generic_visit(node)
        self.scopes.pop()

    def visit_Lambda(self, node):
        self.generic_visit(node)

    def _names_of(self, scope, node):
        """Names that hold lists or texts, by what they are given here."""
        for one in ast.walk(node):
            if isinstance(one, ast.Assign):
                for target in one.targets:
                    if isinstance(target, ast.Name):
                        if isinstance(one.value, (ast.List, ast.ListComp)) or _is_list_call(one.value):
                            scope.lists.add(target.id)
                        if isinstance(one.value, (ast.JoinedStr,)) or isinstance(getattr(one.value, "value", None), str):
                            scope.texts.add(target.id)

    def visit_If(self, node):
        """`if model is None: model = load()` runs once; so does what stands under `if __name__ == '__main__'`."""
        is_guard = _is_guard(node.test)
        self.visit(node.test)
        self.guards += is_guard
        for statement in node.body:
            self.visit(statement)
        self.guards -= is_guard
        for statement in node.orelse:
            self.visit(statement)

    def visit_With(self, node):
        name = [self.resolve(_called(item.context_expr)) or "" for item in node.items]
        for item, callee in zip(node.items, name):
            if callee in known.FILES and isinstance(item.context_expr, ast.Call):
                item.context_expr.span_end = _last_read(node.body, item.optional_vars)
        for item in node.items:
            self.visit(item)
        without = any(one.split(".")[-1] in known.NO_GRAD for one in name)
        self.no_grad += without
        for statement in node.body:
            self.visit(statement)
        self.no_grad -= without

    visit_AsyncWith = visit_With

    # loops -------------------------------------------------------------------------------------------------------------------------------

    def visit_For(self, node):
        self.visit(node.iter)
        kind = None if self.inside else kind_of(node, self.resolve)
        if kind:
            self.add(kind.name, node)
        elif not self.inside and isinstance(node.iter, (ast.Name, ast.Attribute, ast.Subscript)):
            self.add("array-iteration", node)
        inside, self.inside = self.inside, self.inside or (kind and kind.name)
        self.loops.append(node)
        for statement in node.body:
            self.visit(statement)
        self.loops.pop()
        self.inside = inside
        for statement in node.orelse:
            self.visit(statement)

    visit_AsyncFor = visit_For

    def visit_While(self, node):
        kind = None if self.inside else kind_of(node, self.resolve)
        if kind:
            self.add(kind.name, node)
        inside, self.inside = self.inside, self.inside or (kind and kind.name)
        self.loops.append(node)
        self.generic_visit(node)
        self.loops.pop()
        self.inside = inside

    def _comprehension(self, node):
        kind = None if self.inside else kind_of(node, self.resolve)
        if kind:
            self.add(kind.name, node)
        self.visit(node.generators[0].iter)
        inside, self.inside = self.inside, self.inside or (kind and kind.name)
        self.loops.append(node)
        for generator in node.generators:
            for test in generator.ifs:
                self.visit(test)
        for generator in node.generators[1:]:
            self.visit(generator.iter)
        for part in ("elt", "key", "value"):
            if hasattr(node, part):
                self.visit(getattr(node, part))
        self.loops.pop()
        self.inside = inside

    visit_ListComp = visit_SetComp = visit_GeneratorExp = visit_DictComp = _comprehension

    # statements --------------------------------------------------------------------------------------------------------------------------

    def visit_Assign(self, node):
        target = node.targets[0]
        if isinstance(target, ast.Name) and isinstance(node.value, ast.Call) and self.resolve(node.value.func) in known.TRACED:
            # It is compiled where it is first called.
            node.value.span_end = _last_call(self.scopes[-1].node, target.id)
        if self.loops and _written(target) is not None and self._is_regrown(_written(target), node.value):
            self.add("array-regrown", node, self.resolve(_called(node.value)))
        if isinstance(target, ast.Name):
            if self.loops and target.id in self.scopes[-1].texts and isinstance(node.value, ast.BinOp) and _reads(node.value, target.id):
                self.add("string-grown", node)
        if isinstance(target, ast.Subscript) and self._is_outside(target.value):
            self.add("kept-outside", node)
        if isinstance(target, ast.Attribute) and target.attr in known.THREAD_OPTIONS:
            self.add("thread-setting", node, target.attr)
        if isinstance(target, ast.Subscript) and _is_thread_variable(target):
            self.add("thread-setting", node, "os.environ")
        self.generic_visit(node)

    def visit_AugAssign(self, node):
        if self.loops and isinstance(node.target, ast.Name) and isinstance(node.op, ast.Add) and node.target.id in self.scopes[-1].texts:
            self.add("string-grown", node)
        self.generic_visit(node)

    def _is_regrown(self, name, value):
        """x = np.append(x, …), x = x + [y], x = [*x, y], x = np.r_[x, y]."""
        if isinstance(value, ast.Call):
            callee = self.resolve(value.func) or ""
            grown = callee in known.REGROWN or (isinstance(value.func, ast.Attribute) and value.func.attr in ("append", "_append"))
            return grown and _reads(value, name)
        if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add):
            sides = (value.left, value.right)
            return any(isinstance(side, (ast.List, ast.Tuple)) for side in sides) and _reads(value, name)
        if isinstance(value, (ast.List, ast.Tuple)):
            return any(isinstance(one, ast.Starred) and _reads(one, name) for one in value.elts)
        return isinstance(value, ast.Subscript) and (self.resolve(value.value) or "") in known.REGROWN and _reads(value, name)

    def visit_Subscript(self, node):
        value = node.value
        if isinstance(value, ast.Attribute) and value.attr in known.FRAME_PLACES and self.loops and isinstance(node.ctx, ast.Load):
            if any(name in _names(node.slice) for loop in self.loops for name in _targets(loop)):
                self.add("dataframe-rows", node, value.attr)
        if _is_reversed(node):
            self.add("strided-view", node, "[::-1]")
        self.generic_visit(node)

    def visit_Attribute(self, node):
        if node.attr == "T" and isinstance(node.ctx, ast.Load):
            self.add("strided-view", node, "T")
        if node.attr == "values" and isinstance(node.ctx, ast.Load) and not getattr(node, "is_called", False):
            self.add("dataframe-converted", node, "values")
        self.generic_visit(node)

    # calls -------------------------------------------------------------------------------------------------------------------------------

    def visit_Call(self, node):
        if isinstance(node.func, ast.Attribute):
            node.func.is_called = True
        callee = self.resolve(node.func)
        method = node.func.attr if isinstance(node.func, ast.Attribute) else None
        last = (callee or method or "").split(".")[-1]
        self._of_each(node, callee)
        self._of_arrays(node, callee, method)
        self._of_input(node, callee, method, last)
        self._of_models(node, callee, method, last)
        self._of_frames(node, callee, method)
        self.generic_visit(node)

    def _of_each(self, node, callee):
        """map(f, x), np.vectorize(f)(x), g(x) where g = np.vectorize(f)."""
        if self.inside:
            return
        made = isinstance(node.func, ast.Name) and node.func.id in self.each_makers
        made = made or isinstance(node.func, ast.Call) and self.resolve(node.func.func) in known.EACH_MAKERS
        if made:
            self.add("elementwise-loop", node, "numpy.vectorize")
        elif callee in known.EACH - known.EACH_MAKERS and node.args and is_number_function(node.args[0], self.resolve, self.functions):
            self.add("elementwise-loop", node, callee)

    def _of_arrays(self, node, callee, method):
        if callee in known.TO_ARRAY and node.args and self._may_be_list(node.args[0]):
            is_list = isinstance(node.args[0], ast.Call) and last_name(node.args[0].func) == "tolist"
            self.add("list-to-array", node, callee, **({"ofList": True} if is_list else {}))
        if callee in known.MADE:
            self.add("buffer-made", node, callee)
        if method in ("append", "extend", "add", "setdefault", "update", "appendleft", "insert") and self._is_outside(node.func.value):
            self.add("kept-outside", node, callee)
        if method == "append" and self.loops and isinstance(node.func.value, ast.Name) and callee not in known.REGROWN:
            self.add("list-grown", node, callee)
        if callee in known.TENSORS and self.loops:
            self.add("tensor-made", node, callee)
        if method == "astype" and node.args and _is_float64(node.args[0], self.resolve) or _has_float64(node, self.resolve):
            self.add("float64-made", node, callee or method)
        elif callee in ("numpy.array", "numpy.asarray") and len(node.args) == 1 and not node.keywords:
            self.add("float64-made", node, callee)
        if method in known.STRIDED or (callee or "").split(".")[-1] in known.STRIDED and (callee or "").startswith(("numpy", "torch")):
            self.add("strided-view", node, callee or method)
        if self.loops and (method in known.DEVICE_READS or method == "to"):
            self.add("device-read", node, method)

    def _is_outside(self, node):
        """`self.x`, `Class.x`, or a name of the module: it is there after the call."""
        name = _written(node)
        if name is None or len(self.scopes) < 2:
            return False
        first = name.split(".")[0]
        if first in ("self", "cls"):
            return "." in name
        return first in self.module_names and not any(first in one.own for one in self.scopes[1:])

    def _may_be_list(self, node):
        if isinstance(node, (ast.List, ast.ListComp, ast.GeneratorExp)):
            return True
        if isinstance(node, ast.Name):
            return True
        return isinstance(node, ast.Call) and (_is_list_call(node) or isinstance(node.func, ast.Attribute) and node.func.attr == "tolist")

    def _of_input(self, node, callee, method, last):
        if callee in known.JSON:
            self.add("json", node, callee)
        if callee in known.FILES or method in known.FILE_METHODS:
            path = next(iter(node.args), None) if callee in known.FILES else node.func.value
            self.add("file-read", node, callee or method, fixed=self._is_fixed(path))
        if callee in known.DECODES:
            self.add("image-decode", node, callee)
        if callee in known.REGEX and (self.loops or len(self.scopes) > 1):
            self.add("regex-compiled", node, callee)
        if callee in known.BLOCKING and self.scopes[-1].is_async:
            self.add("blocking-call", node, callee)
        if callee in known.THREADS:
            self.add("thread-setting", node, callee)
        elif callee in ("os.environ.setdefault", "os.putenv") and node.args and _is_thread_name(node.args[0]):
            self.add("thread-setting", node, callee)
        elif any(one.arg in known.THREAD_OPTIONS for one in node.keywords):
            self.add("thread-setting", node, callee or last)

    def _is_fixed(self, path):
        """Whether it is made of nothing that functions around are given or keep: the same at each call."""
        if path is None:
            return False
        own = {name for scope in self.scopes for name in scope.own} - {"self", "cls"}
        return own.isdisjoint(_names(path))

    def _of_models(self, node, callee, method, last):
        if callee in known.LOADS or last in known.LOAD_LAST:
            self.add("model-load", node, callee or last)
            return
        base = self.resolve(node.func.value) if isinstance(node.func, ast.Attribute) else None
        predicts = method in known.PREDICT_METHODS and (base is None or not base.startswith(("subprocess", "asyncio", "numpy", "json", "os")))
        direct = isinstance(node.func, ast.Name) and bool(known.MODELS.search(node.func.id)) or (
            isinstance(node.func, ast.Attribute) and bool(known.MODELS.search(node.func.attr))
        )
        if method in ("run", "encode", "transform", "forward", "generate", "infer"):
            predicts = predicts and base is not None and bool(known.MODELS.search(base))
        if (predicts or direct) and self.loops:
            self.add("predict-in-loop", node, callee or method)
        if method in known.PREDICT_CALLS and predicts or callee in known.MATRICES:
            self.add("predict-call", node, callee or method)
        if (predicts or direct) and self.scopes[-1].is_async:
            self.add("blocking-call", node, callee or method)
        if direct and self.uses_torch:
            if not self.no_grad:
                self.add("no-grad-missing", node, callee)
            if not self.has_eval:
                self.add("eval-missing", node, callee)
        if callee in known.TRACED and len(self.scopes) > 1:
            self.add("traced-function-made", node, callee)

    def _of_frames(self, node, callee, method):
        if callee in known.FRAMES:
            self.add("dataframe-made", node, callee)
        if method in known.FRAME_ROWS or method == "apply" and _is_by_row(node):
            self.add("dataframe-rows", node, method)
        if method in known.FRAME_CONVERTS or callee == "pandas.get_dummies":
            self.add("dataframe-converted", node, callee or method)


def _called(node):
    return node.func if isinstance(node, ast.Call) else node


def _names(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _reads(node, name):
    return any(_written(one) == name and isinstance(one.ctx, ast.Load) for one in ast.walk(node))


def _written(node):
    """'x', 'self.x'; None where it has no name."""
    return full_name(node, {})


def _last_call(scope, name):
    """The last line of a function on which what the name holds is called; 0: it is not."""
    calls = [one for one in ast.walk(scope) if isinstance(one, ast.Call) and isinstance(one.func, ast.Name) and one.func.id == name]
    return max((one.end_lineno or one.lineno for one in calls), default=0)


def _last_read(body, name):
    """The last line that reads what a `with` opened: that is where a file's time goes."""
    if not isinstance(name, ast.Name):
        return 0
    lines = [one.lineno for statement in body for one in ast.walk(statement) if isinstance(one, ast.Name) and one.id == name.id]
    return max(lines, default=0)


def _targets(loop):
    if isinstance(loop, COMPREHENSIONS):
        return {name for one in loop.generators for name in _names(one.target)}
    return _names(loop.target) if isinstance(loop, (ast.For, ast.AsyncFor)) else _names(loop.test)


def _is_list_call(node):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("list", "sorted", "map", "tuple")


def _is_guard(test):
    """`x is None`, `not x`, `x not in cache`, `'x' not in globals()`, `not hasattr(self, 'x')`, `__name__ == '__main__'`."""
    if isinstance(test, ast.Compare) and len(test.ops) == 1:
        if isinstance(test.left, ast.Name) and test.left.id == "__name__":
            return 1
        is_none = isinstance(test.ops[0], (ast.Is, ast.Eq)) and getattr(test.comparators[0], "value", 0) is None
        return 1 if is_none or isinstance(test.ops[0], ast.NotIn) else 0
    return 1 if isinstance(test, ast.UnaryOp) and isinstance(test.op, ast.Not) else 0


def _is_by_row(node):
    return any(one.arg == "axis" and getattr(one.value, "value", None) in (1, "columns") for one in node.keywords)


def _is_reversed(node):
    """x[..., ::-1]: a view that runs backwards."""
    index = node.slice
    index = getattr(index, "value", index) if type(index).__name__ in ("Index", "ExtSlice") else index
    parts = getattr(index, "dims", None) or (index.elts if isinstance(index, ast.Tuple) else [index])
    return len(parts) > 1 and any(
        isinstance(one, ast.Slice) and isinstance(one.step, ast.UnaryOp) and isinstance(one.step.op, ast.USub) for one in parts
    )


def _is_float64(node, resolve):
    if isinstance(node, ast.Constant):
        return node.value in ("float64", "float", "f8", "double", "d")
    return resolve(node) in ("float", "numpy.float64", "numpy.double", "numpy.float_", "torch.float64", "torch.double", "tensorflow.float64")


def _has_float64(node, resolve):
    return any(one.arg == "dtype" and _is_float64(one.value, resolve) for one in node.keywords)


def _is_thread_name(node):
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(known.THREAD_VARIABLES.search(node.value))


def _is_thread_variable(target):
    index = getattr(target.slice, "value", target.slice) if type(target.slice).__name__ == "Index" else target.slice
    return isinstance(target.value, ast.Attribute) and target.value.attr == "environ" and _is_thread_name(index)


