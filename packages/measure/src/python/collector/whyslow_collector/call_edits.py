"""Calls of the user's as changes of source: `model.predict(x)` becomes `fast_model.of(model).predict(x)`. A call is found by its place, and by the object that its
expression means there; one that library code makes is left where it is, and a line in front of the statement gives the object another method."""

import ast
import os

from .call_spans import span_of
from .errors import Contract
from .module_file import read_source
from .named_values import UNKNOWN, owner_in, path_to, value_of, variables_of
from .names_in_source import DEFS, last_name
from .one_object import OneObject

_NOT_IN_LAMBDA = (ast.Await, ast.Yield, ast.YieldFrom, ast.NamedExpr)
_FRAMES = ("DataFrame", "DMatrix")
#: Words of what makes a frame that `rows` of the stand-in takes, or that change nothing of a prediction.
_FRAME_WORDS = {"data", "columns", "feature_names", "nthread", "silent"}


class Site:
    """A call of a model in the user's source: its file, where in it, and what the names in it were."""

    def __init__(self, frame):
        code = frame.f_code
        self.file = code.co_filename
        self.line = frame.f_lineno
        self.span = span_of(code, frame.f_lasti)
        self.function = code.co_name
        self.names = (dict(frame.f_locals), frame.f_globals)

    def key(self):
        return self.file, self.line, self.span


class Edits:
    """Changes of files of the user's, by their places in the source as it is. `files`: of the whole program; `shared`: calls, (key, method), that have
    been seen to be of several models."""

    def __init__(self, package, files=(), shared=()):
        self.package = package
        self._files = files
        self._shared = shared
        self._one = None
        self._sources = {}
        #: By file: (start, end, text), offsets of the source.
        self._cuts = {}
        #: By file: names to import, as (name in the package, name in the file).
        self._imports = {}

    def _source(self, file):
        known = os.path.realpath(file)
        if known not in self._sources:
            text = read_source(file)
            self._sources[known] = (text, ast.parse(text, file), _line_starts(text))
        return self._sources[known]

    def _objects(self, file):
        tree = self._source(file)[1]
        if self._one is None or tree not in self._one.trees:
            self._all_files()
            self._one = OneObject([one for _, one, _ in self._sources.values()])
        return self._one

    def name_for(self, file, name):
        """What `name` of the package is called in the file."""
        tree = self._source(file)[1]
        taken = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} | {node.arg for node in ast.walk(tree) if isinstance(node, ast.arg)}
        chosen = "fast_" + name
        while chosen in taken:
            chosen = "fast_" + chosen
        self._imports.setdefault(file, {})[name] = chosen
        return chosen

    def calls(self, sites, name):
        """Redirects all calls of a model, {(key, method): (site, model)}; a reason if one cannot be, and then none is."""
        return self._whole(lambda: (self.call(site, method, target, name) for (_, method), (site, target) in sites.items()))

    def _whole(self, reasons):
        """Does all of some changes or, if there is a reason against one or the text is no Python with them, none."""
        before = {file: list(cuts) for file, cuts in self._cuts.items()}, {file: dict(names) for file, names in self._imports.items()}
        try:
            reason = next((one for one in reasons() if one is not None), None)
        except Contract as error:
            reason = str(error)
        for file in self._cuts if reason is None else ():
            try:
                ast.parse(self._text(file))
            except (SyntaxError, ValueError):
                reason = "%s with its lines changed is no Python" % os.path.basename(file)
        if reason is not None:
            self._cuts, self._imports = before
        return reason

    def call(self, site, method, target, name):
        """Redirects the call; a reason if it cannot be. `site`: or the reason why there is none."""
        if isinstance(site, str):
            return self._handed(site, method, target, name)
        _, tree, _ = self._source(site.file)
        node = self._call_at(tree, site, method)
        if node is None:
            return "the call at %s:%d is not found in the source" % (os.path.basename(site.file), site.line)
        own = _redirected(node, site, method, target)
        if own is None:
            return self._attach(node, site, method, target, name)
        several = self._several(own, site, method)
        if several is not None:
            # Whatever the call reaches: the model itself predicts with what is shipped.
            return None if self._attach(node, site, method, target, name) is None else several
        rows = self._rows_of(tree, node, site)
        if isinstance(rows, str):
            return rows
        chosen = self.name_for(site.file, name)
        self._cut(site.file, own, self._in_place_of(site.file, own, chosen))
        for frame in rows:
            self._cut(site.file, frame.func, "%s.rows(%s)" % (chosen, self._segment(site.file, frame.func)))
        return None

    def _in_place_of(self, file, own, chosen):
        """What is called in place of the expression, which is evaluated only if it costs nothing or the model itself has to answer."""
        parts = list(ast.walk(own))
        if any(isinstance(one, _NOT_IN_LAMBDA) for one in parts):
            return chosen
        is_work = any(isinstance(one, ast.Call) for one in parts)
        return "%s.of(%s%s)" % (chosen, "lambda: " if is_work else "", self._segment(file, own))

    def opened_once(self, site, name):
        """The call that opens the model in each prediction opens it in the first alone: `fast_model.opened(lambda: load(file))`. Gives what became of it."""
        place = "%s:%d" % (os.path.basename(site.file), site.line)
        reason = self._whole(lambda: [self._opened_once(site, name)])
        return "opened once, in place of each time at " + place if reason is None else "it is still opened each time at %s: open it once" % place

    def _opened_once(self, site, name):
        _, tree, _ = self._source(site.file)
        node = self._call_at(tree, site, None)
        if node is None or not self._objects(site.file).is_one(node):
            return "it may open another model for other inputs"
        start, end = self._span_of(site.file, node)
        if any(cut[0] <= start and end <= cut[1] for cut in self._cuts.get(site.file, ())):
            # Its model is asked no more.
            return None
        opening = "%s.opened(lambda: " % self.name_for(site.file, name)
        self._put(site.file, start, start, opening)
        self._put(site.file, end, end, ")")
        return None

    def _several(self, own, site, method):
        """Why the expression may mean several models; None: it surely means one."""
        if (site.key(), method) in self._shared:
            return "the call at %s:%d is of several models" % (os.path.basename(site.file), site.line)
        if self._objects(site.file).is_one(own):
            return None
        told = " ".join(self._segment(site.file, own).split())
        return "%s at %s:%d can be another model for other inputs" % (told, os.path.basename(site.file), site.line)

    def _handed(self, reason, method, target, name):
        """Redirects `model.predict` of `asyncio.to_thread(model.predict, x)`: the one expression of the program that gives a model's method to a library. If several
        models can be meant there, each is told in front of it."""
        found = [(file, node) for file in self._all_files() for node in _handed_in(self._source(file)[1], method)]
        if len(found) != 1 or method == "__call__":
            return reason
        [(file, node)] = found
        variables = variables_of(file)
        owner = owner_in(self._source(file)[1], node, variables)
        one = self._objects(file)
        # It may be a wrapper's method that has the same name.
        if value_of(node.value, (owner, variables)) is target and one.is_one(node.value):
            self._cut(file, node.value, self._in_place_of(file, node.value, self.name_for(file, name)))
            return None
        path = None if owner else path_to(target, ({}, variables), node, lambda path: one.path(path, node))
        return reason if path is None or self._tell(file, node, path, name) is not None else None

    def _all_files(self):
        return [one for one in self._files if self._is_source(one)]

    def _is_source(self, file):
        try:
            self._source(file)
        except (OSError, SyntaxError, ValueError):
            return False
        return True

    def _call_at(self, tree, site, method):
        calls = [node for node in ast.walk(tree) if isinstance(node, ast.Call)]
        if site.span is not None:
            line, end_line, column, end_column = site.span
            exact = [one for one in calls if (one.lineno, one.end_lineno, one.col_offset, one.end_col_offset) == (line, end_line, column, end_column)]
            if exact:
                return exact[0]
        around = [one for one in calls if one.lineno <= site.line <= one.end_lineno]
        is_any = method in ("__call__", None)
        named = around if is_any else [one for one in around if isinstance(one.func, ast.Attribute) and one.func.attr == method]
        if len(named) > 1:
            named = [one for one in named if one.lineno == site.line] or named
        return named[0] if len(named) == 1 else None

    def _attach(self, node, site, method, target, name):
        one = self._objects(site.file)
        path = path_to(target, site.names, node, lambda path: one.path(path, node))
        # What calls an object finds `__call__` in its class alone; a module of PyTorch goes on to `forward`.
        if path is None or method == "__call__" and not hasattr(target, "forward"):
            return "a library calls the model at %s:%d, and no name there surely leads to it" % (os.path.basename(site.file), site.line)
        return self._tell(site.file, node, path, name)

    def _tell(self, file, node, path, name):
        """What makes the model predict with what is shipped, in front of the node's statement: a line, or in its line; a reason if nothing can stand there."""
        text, tree, starts = self._source(file)
        statement = _statement_of(tree, node)
        start, own = starts[statement.lineno - 1], _offset(text, starts, statement.lineno, statement.col_offset)
        indent = text[start:own]
        if indent.strip() and not hasattr(statement, "body"):
            # `def predict(x): return pipe(x)`
            self._put(file, own, own, "%s.attach(%s); " % (self.name_for(file, name), path))
            return None
        if indent.strip() or text.startswith("elif", own):
            return "a library calls the model at %s:%d, and no line can stand in front of that" % (os.path.basename(file), node.lineno)
        self._put(file, start, start, "%s%s.attach(%s)\n" % (indent, self.name_for(file, name), path))
        return None

    def _rows_of(self, tree, call, site):
        """Calls that make a DataFrame or a DMatrix for this call alone: what they are made of is taken as it is."""
        found = []
        for given in call.args[:1]:
            made = given
            if isinstance(given, ast.Name):
                made = _made_for(tree, given, call)
            if self._is_of_texts(made, site):
                found.append(made)
                continue
            if isinstance(made, ast.Call) and last_name(made.func) in _FRAMES:
                odd = [one.arg or "**" for one in made.keywords if one.arg not in _FRAME_WORDS and not _is_plain(one)]
                if not odd and len(made.args) <= 1 and not any(isinstance(one, ast.Starred) for one in made.args):
                    found.append(made)
                    continue
                if odd and last_name(made.func) == "DMatrix":
                    return "the DMatrix of the call at %s:%d is made with %s" % (os.path.basename(site.file), site.line, odd[0])
            is_matrix = isinstance(made, ast.Call) and last_name(made.func) == "DMatrix" or _is_matrix(given, site)
            if is_matrix:
                return "the DMatrix of the call at %s:%d is made somewhere else" % (os.path.basename(site.file), site.line)
        return found

    def _is_of_texts(self, made, site):
        """Whether it is a vectorizer's call with texts and nothing else."""
        if not isinstance(made, ast.Call) or not isinstance(made.func, ast.Attribute) or made.func.attr != "transform":
            return False
        is_plain = len(made.args) == 1 and not made.keywords and not isinstance(made.args[0], ast.Starred)
        maker = made.func.value
        return is_plain and hasattr(value_of(maker, site.names), "vocabulary_") and self._objects(site.file).is_one(maker)

    def body(self, file, line, function, name):
        """The function around the line returns what `name` gives of its text, in its first line; a reason if it cannot."""
        return self._whole(lambda: [self._body(file, line, function, name)])

    def _body(self, file, line, function, name):
        text, tree, starts = self._source(file)
        around = [one for one in ast.walk(tree) if isinstance(one, DEFS) and one.name == function]
        found = next((one for one in around if one.lineno <= line <= one.end_lineno), around[0] if len(around) == 1 else None)
        if found is None:
            return "the function %s is not found in the source" % function
        given = [one.arg for one in found.args.args if one.arg not in ("self", "cls")]
        first = found.body[1] if len(found.body) > 1 and _is_text(found.body[0]) else found.body[0]
        if len(given) != 1 or found.body[0].lineno == found.lineno or isinstance(found, ast.AsyncFunctionDef):
            return "the function %s takes more than a text, or has no lines of its own" % function
        start = starts[first.lineno - 1]
        self._put(file, start, start, "%sreturn %s(%s)\n" % (text[start : start + first.col_offset], self.name_for(file, name), given[0]))
        return None

    def _span_of(self, file, node):
        source, _, starts = self._source(file)
        return _offset(source, starts, node.lineno, node.col_offset), _offset(source, starts, node.end_lineno, node.end_col_offset)

    def _segment(self, file, node):
        start, end = self._span_of(file, node)
        return self._source(file)[0][start:end]

    def _cut(self, file, node, text):
        self._put(file, *self._span_of(file, node), text)

    def _put(self, file, start, end, text):
        """Throws Contract if other text is to stand there already."""
        cut = (start, end, text)
        if cut in self._cuts.setdefault(file, []):
            return
        if any(start < other_end and other_start < end for other_start, other_end, _ in self._cuts[file]):
            raise Contract("two changes of %s fall on one place" % os.path.basename(file))
        self._cuts[file].append(cut)

    def result(self):
        """[{file, text, changes: [{line, before, after}]}]; `line`: of the source as it is, `before` None for a line that is new."""
        return [self._changed(file) for file in sorted(self._cuts)]

    def _changed(self, file):
        changed = self._text(file)
        return {"file": file, "text": changed, "changes": _changes(self._source(file)[0].split("\n"), changed.split("\n"))}

    def _text(self, file):
        """The file's, with the changes in it."""
        text, tree, starts = self._source(file)
        names = ", ".join("%s as %s" % pair for pair in sorted(self._imports[file].items()))
        at = _behind_imports(tree, text)
        start = starts[at] if at < len(starts) else len(text)
        line = "from %s import %s\n" % (self.package, names)
        cuts = [*self._cuts[file], (start, start, line if start == 0 or text[start - 1 : start] == "\n" else "\n" + line)]
        for one in sorted(cuts, reverse=True):
            text = text[: one[0]] + one[2] + text[one[1] :]
        return text


def _changes(before, after):
    import difflib

    found = []
    for kind, a, a_end, b, b_end in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        if kind == "equal":
            continue
        for place in range(max(a_end - a, b_end - b)):
            old = before[a + place] if a + place < a_end else None
            new = after[b + place] if b + place < b_end else None
            found.append({"line": min(a + place, max(a, a_end - 1)) + 1, "before": old, "after": new})
    return found


def _line_starts(text):
    """Lines end as Python's do, with a line feed alone: a form feed or U+2028 is a letter like any other."""
    starts = [0]
    for line in text.split("\n")[:-1]:
        starts.append(starts[-1] + len(line) + 1)
    return starts if starts[-1] == len(text) else [*starts, len(text)]


def _offset(text, starts, line, column):
    """Of a line and a column in bytes."""
    start = starts[line - 1]
    end = starts[line] if line < len(starts) else len(text)
    return start + len(text[start:end].encode()[:column].decode())


def _is_text(node):
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _behind_imports(tree, text):
    """Lines in front of the first statement that is neither the file's own text nor an import; comments that begin the file (`#!`, its encoding) stay there."""
    lines = text.split("\n")
    last = next((at for at, line in enumerate(lines) if not line.startswith("#")), len(lines))
    for node in tree.body:
        if not (_is_text(node) or isinstance(node, (ast.Import, ast.ImportFrom))):
            break
        last = node.end_lineno
    return last


def _redirected(node, site, method, target):
    """The part of the call's function that means the model: all of `model` in model(x), `model` of model.predict(x); None: it means something else."""
    function = node.func
    if method == "__call__":
        value = value_of(function, site.names)
        return function if value is target or value is UNKNOWN and isinstance(function, ast.Call) else None
    if not isinstance(function, ast.Attribute) or function.attr != method:
        return None
    value = value_of(function.value, site.names)
    return function.value if value is target or value is UNKNOWN else None


def _is_plain(word):
    """`index=[0]`, the row of a dictionary of values, and `missing=numpy.nan`, which is meant without it."""
    value = word.value
    if word.arg == "index":
        return isinstance(value, (ast.List, ast.Tuple)) and len(value.elts) == 1 and isinstance(value.elts[0], ast.Constant)
    is_nan = last_name(value) in ("nan", "NaN", "NAN") or isinstance(value, ast.Call) and [getattr(one, "value", None) for one in value.args] == ["nan"]
    return word.arg == "missing" and is_nan


def _handed_in(tree, method):
    """Arguments of calls that are `model.method`."""
    given = [value for one in ast.walk(tree) if isinstance(one, ast.Call) for value in [*one.args, *(word.value for word in one.keywords)]]
    return [one for one in given if isinstance(one, ast.Attribute) and one.attr == method]


def _is_matrix(node, site):
    return type(value_of(node, site.names)).__name__ == "DMatrix"


def _made_for(tree, name, call):
    """The one expression that a name is given in the function around the call, if it is used there for nothing else."""
    around = [one for one in ast.walk(tree) if isinstance(one, (*DEFS, ast.Module)) and any(node is call for node in ast.walk(one))]
    inner = around[-1] if around else tree
    uses = [one for one in ast.walk(inner) if isinstance(one, ast.Name) and one.id == name.id]
    given = [one.value for one in ast.walk(inner) if isinstance(one, ast.Assign) and len(one.targets) == 1 and _is_name(one.targets[0], name.id)]
    return given[0] if len(given) == 1 and len(uses) == 2 else None


def _is_name(node, name):
    return isinstance(node, ast.Name) and node.id == name


def _statement_of(tree, node):
    """The innermost statement around it that stands in a block."""
    found = None
    for one in ast.walk(tree):
        if isinstance(one, ast.stmt) and any(inner is node for inner in ast.walk(one)):
            found = one if found is None or one.lineno >= found.lineno else found
    return found
