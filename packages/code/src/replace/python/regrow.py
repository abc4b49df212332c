"""An array that grows in a loop by being made anew, as a list that grows and becomes the array once: x = np.append(x, e), np.concatenate((x, e)), np.vstack,
np.hstack, pd.concat, torch.cat, x = x + [e], x = [*x, e].

The statements stay in their order; only when what was computed is put into the array changes. So it is the same for whatever the body does, as long as nothing
in the loop reads the array but the line that grows it, and the loop is not left with the array half made. What may be written again later is copied.
"""
import ast
import copy

from vectorize import Refused, is_name, name, propose

#: (module's usual name, function): how the new part is given: next to the array, or in one list or tuple with it.
BESIDE = {"append"}
TOGETHER = {"concatenate", "vstack", "hstack", "row_stack", "concat", "cat"}
MODULES = {"numpy": {"append", "concatenate", "vstack", "hstack", "row_stack"}, "pandas": {"concat"}, "torch": {"cat", "concat", "concatenate", "vstack", "hstack"}}

#: Give something new each time, whoever has them.
MAKERS = {"DataFrame", "Series", "array", "zeros", "ones", "full", "arange", "tensor", "copy", "clone"}


class Grown:
    """One statement of the loop that makes the array anew."""

    def __init__(self, statement, target, value, joined, called=(None, None)):
        self.statement = statement
        self.target = target  # name of the array
        self.value = value  # what it grows by
        self.joined = joined  # (syntax of a list of all parts) -> syntax of the new array
        self.module, self.call = called  # (name of the module, its function) that joins it; None: lists

    def parts(self, grown, are_arrays):
        """The new array, of the list `grown`. np.append flattens each of its parts, which may be of several lengths."""
        if self.call == "append" and are_arrays:
            alias = ast.unparse(self.alias())
            return ast.parse("%s.concatenate([%s.ravel(%s), *map(%s.ravel, %s)])" % (alias, alias, self.target, alias, grown), mode="eval").body
        return self.joined(name(grown))

    def copied(self, value):
        """As its library copies what may be written again."""
        if self.module == "numpy":
            return ast.Call(func=ast.Attribute(value=self.alias(), attr="array", ctx=ast.Load()), args=[value], keywords=[])
        if self.module is None:
            return ast.Call(func=ast.Attribute(value=name("copy"), attr="deepcopy", ctx=ast.Load()), args=[value], keywords=[])
        return ast.Call(func=ast.Attribute(value=value, attr="clone" if self.module == "torch" else "copy", ctx=ast.Load()), args=[], keywords=[])

    def alias(self):
        return copy.deepcopy(self.statement.value.func.value)


def imported(tree):
    """Names of modules that arrays are grown by: {'np': 'numpy'}."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update({one.asname or one.name: one.name for one in node.names if one.name in MODULES})
    return found


def grown_by(statement, modules):
    """What a statement grows, and how; None where it grows nothing."""
    if not (isinstance(statement, ast.Assign) and len(statement.targets) == 1 and is_name(statement.targets[0])):
        return None
    target, value = statement.targets[0].id, statement.value
    if isinstance(value, ast.Call):
        return _by_call(statement, target, value, modules)
    if isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and is_name(value.left, target) and _one_of(value.right) is not None:
        return Grown(statement, target, _one_of(value.right), lambda all_: ast.BinOp(left=name(target), op=ast.Add(), right=all_))
    if isinstance(value, ast.List) and len(value.elts) == 2 and isinstance(value.elts[0], ast.Starred) and is_name(value.elts[0].value, target):
        return Grown(statement, target, value.elts[1], lambda all_: ast.BinOp(left=name(target), op=ast.Add(), right=all_))
    return None


def _one_of(node):
    one = isinstance(node, ast.List) and len(node.elts) == 1 and not isinstance(node.elts[0], ast.Starred)
    return node.elts[0] if one else None


def _by_call(statement, target, call, modules):
    func = call.func
    if not (isinstance(func, ast.Attribute) and is_name(func.value) and func.attr in MODULES.get(modules.get(func.value.id), ())):
        return None

    def called(parts):
        return ast.Call(func=copy.deepcopy(func), args=[*parts, *copy.deepcopy(call.args[1 if func.attr in TOGETHER else 2 :])], keywords=copy.deepcopy(call.keywords))

    if func.attr in BESIDE:
        if len(call.args) < 2 or not is_name(call.args[0], target):
            return None
        if call.keywords or len(call.args) > 2:
            return None
        return Grown(statement, target, call.args[1], lambda all_: called([name(target), all_]), (modules[func.value.id], func.attr))
    parts = call.args[0] if call.args else None
    if not (isinstance(parts, (ast.List, ast.Tuple)) and len(parts.elts) == 2 and is_name(parts.elts[0], target)):
        return None
    one = _one_of(parts.elts[1])
    if one is not None and func.attr in ("concatenate", "hstack") and modules[func.value.id] == "numpy":
        return Grown(statement, target, one, lambda all_: called([ast.List(elts=[name(target), all_], ctx=ast.Load())]), ("numpy", "append"))
    spread = lambda all_: called([ast.List(elts=[name(target), ast.Starred(value=all_, ctx=ast.Load())], ctx=ast.Load())])  # noqa: E731
    return Grown(statement, target, parts.elts[1], spread, (modules[func.value.id], func.attr))


#: What ends a loop with the array half made, or keeps it for later.
_LEAVES = (ast.Return, ast.Yield, ast.YieldFrom, ast.Await, ast.Try, ast.With, ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.ClassDef, ast.Global, ast.Nonlocal, ast.Delete)


def regrown(place, modules, taken, numpy_names):
    """What may stand in place of a loop, the best first: one expression, a list of what it grows by, a list of copies. `taken`: names of the program. Raises
    Refused; None: nothing grows in it."""
    loop = place.statement
    found = [one for one in (grown_by(node, modules) for node in ast.walk(loop)) if one is not None]
    if not found:
        return None
    targets = {one.target for one in found}
    if len(found) > len(targets):
        raise Refused("it grows one array at several lines")
    if any(isinstance(node, _LEAVES) for node in ast.walk(loop)):
        raise Refused("its body does more than go from turn to turn")
    own = {id(node) for one in found for node in ast.walk(one.statement) if is_name(node) and node.id in targets}
    for one in found:
        if len([node for node in ast.walk(one.statement) if is_name(node, one.target)]) != 2:
            raise Refused("%s is read where it grows" % one.target)
    for node in ast.walk(loop):
        if is_name(node) and node.id in targets and id(node) not in own:
            raise Refused("%s is read while it grows" % node.id)
    return [*_at_once(place, found, set(taken), numpy_names), *(_written(loop, found, set(taken), is_copied) for is_copied in (False, True))]


class Written:
    """Statements in place of others; `helpers`: names of theirs that the others do not have."""

    def __init__(self, statements, helpers):
        self.made = statements
        self.helpers = helpers

    def statements(self, values):
        self.check(values)
        return self.made

    def check(self, values):
        """Raises Refused where the values are none that it is made for."""


class Listed(Written):
    """`grown`: names of the arrays; `is_safe`: what is kept in lists cannot be written again."""

    def __init__(self, statements, helpers, grown, is_safe):
        super().__init__(statements, helpers)
        self.grown = grown
        self.is_safe = is_safe


def _written(loop, found, taken, is_copied):
    names = {one.target: fresh("grown" if len(found) == 1 else one.target + "_grown", taken) for one in found}
    by_statement = {id(one.statement): one for one in found}

    class Swap(ast.NodeTransformer):
        def visit_Assign(self, node):
            one = by_statement.get(node.source)
            if one is None:
                return node
            value = copy.deepcopy(one.value)
            append = ast.Attribute(value=name(names[one.target]), attr="append", ctx=ast.Load())
            kept = one.copied(value) if is_copied and not is_made(value) else value
            return ast.copy_location(ast.Expr(value=ast.Call(func=append, args=[kept], keywords=[])), node)

    for node in ast.walk(loop):
        if isinstance(node, ast.Assign):
            node.source = id(node)
    changed = Swap().visit(copy.deepcopy(loop))
    begun = [ast.Assign(targets=[name(one, True)], value=ast.List(elts=[], ctx=ast.Load())) for one in names.values()]
    ended = [_joined(one, name(names[one.target]), one.parts(names[one.target], is_copied)) for one in found]
    deep = is_copied and any(one.module is None and not is_made(one.value) for one in found)
    statements = [*(ast.parse("import copy").body if deep else []), *begun, changed, *ended]
    is_safe = is_copied or all(is_made(one.value) for one in found)
    return Listed([ast.fix_missing_locations(one) for one in statements], list(names.values()), list(names), is_safe)


def _joined(one, test, value):
    """Where nothing was added, the array is what it was."""
    return ast.If(test=test, body=[ast.Assign(targets=[name(one.target, True)], value=value)], orelse=[])


def is_made(node):
    """Nobody else has what arithmetic gives, or a call that makes something."""
    if isinstance(node, ast.Call):
        return isinstance(node.func, ast.Attribute) and node.func.attr in MAKERS
    return isinstance(node, (ast.BinOp, ast.UnaryOp, ast.Compare, ast.Constant))


class AtOnce:
    """All that an array grows by as one expression. `proposal`: of the loop that puts it into a list, to be proven."""

    def __init__(self, proposal, grown, names):
        self.proposal = proposal
        self.one = grown
        self.target = grown.target
        self.grown, self.taken = names
        self.helpers = [self.grown]

    def elements(self, values):
        return {self.grown: []}

    def statements(self, values):
        """Lists are made arrays, each time."""
        lists = [one for one in self.proposal.operands if isinstance(values.get(one), (list, tuple))]
        renamed = {one: fresh(one + "_array", set(self.taken)) for one in lists}
        self.helpers = [self.grown, *renamed.values()]
        begun = [ast.parse("%s = np.asarray(%s)" % (array, one)).body[0] for one, array in renamed.items()]
        made = copy.deepcopy(self.proposal.statements)
        for statement in made:
            for node in ast.walk(statement):
                if is_name(node) and node.id in renamed:
                    node.id = renamed[node.id]
        parts = ast.parse("len(%s)" % self.grown, mode="eval").body
        return [*begun, *made, ast.fix_missing_locations(_joined(self.one, parts, self.one.parts(self.grown, False)))]


def _at_once(place, found, taken, numpy_names):
    """Replaces np.append of single numbers. None if the body is more than arithmetic."""
    loop = place.statement
    (one, *others) = found
    if others or not isinstance(loop, ast.For) or one.call != "append":
        return []
    grown = fresh("grown", taken)
    listed = _written(loop, found, set(), False).made[1]
    for node in ast.walk(listed):
        if is_name(node, "grown"):
            node.id = grown
    try:
        return [AtOnce(propose(listed, ast.parse("%s = []" % grown).body, numpy_names), one, (grown, taken))]
    except Refused:
        return []


def fresh(wanted, taken):
    found, turn = wanted, 2
    while found in taken:
        found, turn = "%s%d" % (wanted, turn), turn + 1
    taken.add(found)
    return found
