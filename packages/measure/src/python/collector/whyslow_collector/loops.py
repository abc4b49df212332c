"""What a loop does, by its source: an element at a time (`elementwise-loop`), a sum or an extreme (`reduction-loop`), elements moved to other
places (`layout-loop`). Only arithmetic counts, and only where no turn needs what another turn made: what else there is in a body makes the loop
none of these."""

import ast

from .names_in_source import full_name

#: Functions of one number that arrays have, too.
SCALAR_CALLS = {"abs", "float", "int", "round", "min", "max", "pow", "bool", "complex", "sum", "len"}
NUMPY_CALLS = {
    "sqrt", "exp", "exp2", "log", "log2", "log10", "log1p", "expm1", "sin", "cos", "tan", "arcsin", "arccos", "arctan", "arctan2", "sinh", "cosh",
    "tanh", "abs", "absolute", "fabs", "floor", "ceil", "round", "rint", "trunc", "clip", "maximum", "minimum", "power", "sign", "hypot", "square",
    "cbrt", "isnan", "isinf", "isfinite", "add", "subtract", "multiply", "divide", "mod", "float32", "float64", "float16", "int32", "int64",
    "int16", "int8", "uint8", "uint16", "uint32", "where",
}  # fmt: skip
_REDUCING = (ast.Add, ast.Sub, ast.Mult, ast.BitOr, ast.BitAnd, ast.BitXor)


class Kind:
    """`name` of the pattern, and the innermost loop's own statements."""

    def __init__(self, name, depth):
        self.name = name
        self.depth = depth


def kind_of(node, resolve):
    """None, or what this loop is; of nested loops it is asked of the outermost."""
    if isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        return _of_comprehension(node, resolve)
    if isinstance(node, ast.While):
        return _of_while(node, resolve)
    if not isinstance(node, ast.For) or node.orelse:
        return None
    indices, body, depth = _nest(node)
    if body is None:
        return None
    names = {name for one in indices for name in one}
    found = _of_body(body, names, resolve)
    if found is None:
        return None
    if depth >= 2 and _moves(body, [one for one in indices if one], depth):
        return Kind("layout-loop", depth)
    return Kind(found, depth)


def _nest(node):
    """(names that each loop gives, the innermost body, how many loops); the body is None where a loop has more in it than the next one."""
    indices, depth = [], 0
    while True:
        indices.append(sorted(names_in(node.target)))
        depth += 1
        inner = [one for one in node.body if isinstance(one, ast.For)]
        if not inner:
            return indices, node.body, depth
        # Next to an inner loop: what is set up for it (`row = image[y]`, `total = 0`), and what is done with what it gave.
        rest = [one for one in node.body if not isinstance(one, ast.For)]
        if len(inner) > 1 or not all(isinstance(one, (ast.Assign, ast.AnnAssign, ast.Expr, ast.AugAssign)) for one in rest):
            return indices, None, depth
        if inner[0].orelse:
            return indices, None, depth
        node = inner[0]


def names_in(node):
    return {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}


def _of_body(body, indices, resolve):
    stores, reduces, local = [], set(), set()
    for statement in _flat(body):
        if isinstance(statement, ast.If):
            if not _is_arithmetic(statement.test, resolve):
                return None
            continue
        if isinstance(statement, (ast.Pass, ast.Continue)):
            continue
        told = _of_statement(statement, indices, local, resolve)
        if told is None:
            return None
        kind, what = told
        if kind == "store":
            stores.append(what)
        elif kind == "reduce":
            reduces.add(what)
        elif kind == "local":
            local.add(what)
    if _is_carried(body, stores, indices):
        return None
    extremes = _carried_names(body, local, indices)
    if extremes - _compared(body):
        return None
    if stores and not reduces and not extremes:
        return "elementwise-loop"
    return "reduction-loop" if reduces or extremes else None


def _flat(body):
    for statement in body:
        yield statement
        if isinstance(statement, ast.If):
            yield from _flat(statement.body)
            yield from _flat(statement.orelse)


def _of_statement(statement, indices, local, resolve):
    """('store', array) | ('reduce', name) | ('local', name), or None where it is more than arithmetic."""
    if isinstance(statement, ast.Expr):
        call = statement.value
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "append":
            if len(call.args) == 1 and isinstance(call.func.value, ast.Name) and _is_arithmetic(call.args[0], resolve):
                return "store", call
        return None
    if isinstance(statement, ast.AugAssign):
        if not _is_arithmetic(statement.value, resolve):
            return None
        if isinstance(statement.target, ast.Name):
            name = statement.target.id
            fits = isinstance(statement.op, _REDUCING) and name not in names_in(statement.value)
            return ("reduce", name) if fits else None
        return _store(statement.target, indices)
    if isinstance(statement, (ast.Assign, ast.AnnAssign)):
        targets = statement.targets if isinstance(statement, ast.Assign) else [statement.target]
        if statement.value is None or len(targets) != 1 or not _is_arithmetic(statement.value, resolve):
            return None
        target = targets[0]
        if isinstance(target, ast.Name):
            if target.id in names_in(statement.value) and target.id not in local:
                return ("reduce", target.id) if _is_reduction(target.id, statement.value) else None
            return "local", target.id
        return _store(target, indices)
    return None


def _is_reduction(name, value):
    """s + x, x + s, max(s, x): not s * a + x, whose turns depend on each other."""
    if isinstance(value, ast.BinOp) and isinstance(value.op, _REDUCING):
        sides = (value.left, value.right)
    elif isinstance(value, ast.Call) and isinstance(value.func, ast.Name) and value.func.id in ("min", "max"):
        sides = tuple(value.args)
    else:
        return False
    own = [side for side in sides if isinstance(side, ast.Name) and side.id == name]
    return len(own) == 1 and all(side in own or name not in names_in(side) for side in sides)


def _store(target, indices):
    """An element at a place that the loop's names say."""
    if not isinstance(target, ast.Subscript):
        return None
    return ("store", target) if names_in(target) & indices else None


def _is_arithmetic(node, resolve):
    """Numbers, names, elements, operators, and functions of numbers."""
    if isinstance(node, (ast.Name, ast.Constant)):
        return not isinstance(getattr(node, "value", 0), (str, bytes))
    if isinstance(node, ast.BinOp):
        return _is_arithmetic(node.left, resolve) and _is_arithmetic(node.right, resolve)
    if isinstance(node, ast.UnaryOp):
        return _is_arithmetic(node.operand, resolve)
    if isinstance(node, ast.BoolOp):
        return all(_is_arithmetic(one, resolve) for one in node.values)
    if isinstance(node, ast.Compare):
        fits = not any(isinstance(one, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for one in node.ops)
        return fits and all(_is_arithmetic(one, resolve) for one in [node.left, *node.comparators])
    if isinstance(node, ast.IfExp):
        return all(_is_arithmetic(one, resolve) for one in (node.test, node.body, node.orelse))
    if isinstance(node, ast.Subscript):
        return _is_place(node, resolve)
    if isinstance(node, ast.Attribute):
        return full_name(node, {}) is not None
    if isinstance(node, ast.Call):
        return _is_scalar_call(node, resolve)
    return False


def _is_place(node, resolve):
    """a[i], a[i][j], a[i, j], a[i + 1]."""
    index = node.slice
    index = getattr(index, "value", index) if type(index).__name__ == "Index" else index
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    if any(isinstance(one, ast.Slice) for one in parts):
        return False
    base = node.value
    holds = isinstance(base, ast.Name) or isinstance(base, ast.Attribute) or (isinstance(base, ast.Subscript) and _is_place(base, resolve))
    return holds and all(_is_arithmetic(one, resolve) for one in parts)


def _is_scalar_call(node, resolve):
    if node.keywords:
        return False
    name = resolve(node.func)
    if name is None or not all(_is_arithmetic(one, resolve) for one in node.args):
        return False
    if name in SCALAR_CALLS:
        return True
    module, _, function = name.rpartition(".")
    return module in ("math", "cmath") or module == "numpy" and function in NUMPY_CALLS


def _is_carried(body, stores, indices):
    """Whether an array that is written is read at another place than the one that is written."""
    written = {}
    for one in stores:
        if isinstance(one, ast.Subscript):
            base = _base(one)
            written.setdefault(base, set()).add(_text(one))
    for statement in body:
        for node in ast.walk(statement):
            if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load) and _base(node) in written:
                outer = _text(node)
                if not any(outer == place or place.startswith(outer) for place in written[_base(node)]):
                    return True
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store) and node.id in indices:
                return True
    appended = {one.func.value.id for one in stores if isinstance(one, ast.Call)}
    reads = {node.id for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name)}
    return any(_count_reads(body, name) > 1 for name in appended & reads)


def _count_reads(body, name):
    return sum(1 for statement in body for node in ast.walk(statement) if isinstance(node, ast.Name) and node.id == name)


def _base(node):
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else None


def _text(node):
    """The text of a node, whether it is read or written."""
    return ast.unparse(node)


def _carried_names(body, local, indices):
    """Names that a turn reads before it writes them: they come from the turn before."""
    written, carried = set(), set()

    def look(statements, sure):
        for statement in statements:
            if isinstance(statement, ast.If):
                read(statement.test)
                look(statement.body, False)
                look(statement.orelse, False)
                continue
            for node in ast.walk(statement):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
                    if node.id in local and node.id not in written:
                        carried.add(node.id)
            if sure:
                written.update(
                    node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
                )

    def read(expression):
        carried.update(
            node.id
            for node in ast.walk(expression)
            if isinstance(node, ast.Name) and node.id in local and node.id not in written
        )

    look(body, True)
    return carried - indices


def _compared(body):
    """Names of `if x > best: best = x`, with the note about it."""
    found = set()
    for statement in body:
        if not isinstance(statement, ast.If) or statement.orelse or not isinstance(statement.test, ast.Compare):
            continue
        names = names_in(statement.test)
        assigned = {
            target.id
            for one in statement.body
            if isinstance(one, ast.Assign)
            for target in one.targets
            if isinstance(target, ast.Name)
        }
        if assigned & names:
            found |= assigned
    return found


def _moves(body, indices, depth):
    """Whether an element goes to a place whose names stand in another order than where it came from: HWC to CHW."""
    names = [name for one in indices for name in one]
    for statement in _flat(body):
        if not isinstance(statement, ast.Assign) or not isinstance(statement.targets[0], ast.Subscript):
            continue
        target = _order(statement.targets[0], names)
        for node in ast.walk(statement.value):
            if isinstance(node, ast.Subscript):
                source = _order(node, names)
                if len(source) >= 2 and set(source) == set(target) and source != target:
                    return True
    return False


def _order(node, names):
    """The loops' names in a subscript, as they come: of a[c][y][x] and of a[c, y, x] alike; of a flat index the slowest first."""
    found = []
    chain = []
    while isinstance(node, ast.Subscript):
        chain.insert(0, node.slice)
        node = node.value
    for index in chain:
        index = getattr(index, "value", index) if type(index).__name__ == "Index" else index
        parts = index.elts if isinstance(index, ast.Tuple) else [index]
        for part in parts:
            found.extend(_flat_order(part, names))
    return [name for at, name in enumerate(found) if name not in found[:at]]


def _flat_order(node, names):
    """(y * width + x) * channels + c: y, x, c, since what is multiplied most often comes first."""
    weights = {}

    def walk(one, depth):
        if isinstance(one, ast.Name) and one.id in names:
            weights.setdefault(one.id, depth)
        elif isinstance(one, ast.BinOp) and isinstance(one.op, ast.Mult):
            walk(one.left, depth + 1)
            walk(one.right, depth + 1)
        elif isinstance(one, ast.BinOp):
            walk(one.left, depth)
            walk(one.right, depth)

    walk(node, 0)
    return sorted(weights, key=lambda name: -weights[name])


def _of_comprehension(node, resolve):
    if any(one.is_async for one in node.generators):
        return None
    tests = [test for one in node.generators for test in one.ifs]
    if not _is_arithmetic(node.elt, resolve) and not _is_nested_comprehension(node.elt, resolve):
        return None
    if isinstance(node.elt, (ast.Name, ast.Constant)) and not tests:
        return None
    if not all(_is_arithmetic(test, resolve) for test in tests):
        return None
    if _moves_in(node):
        return Kind("layout-loop", len(node.generators))
    return Kind("elementwise-loop", len(node.generators))


def _moves_in(node):
    """[[[x[y][x][c] for x …] for y …] for c …]: elements stand in the order of the loops, and came from places in another."""
    names = []
    while isinstance(node, (ast.ListComp, ast.GeneratorExp)):
        for one in node.generators:
            names.extend(sorted(names_in(one.target)))
        node = node.elt
    if len(names) < 2:
        return False
    for one in ast.walk(node):
        if isinstance(one, ast.Subscript):
            source = _order(one, names)
            if len(source) >= 2 and source != [name for name in names if name in source]:
                return True
    return False


def is_number_function(node, resolve, functions):
    """lambda v: v / 255, or the name of a function of the module that only returns what it reckons of numbers."""
    if isinstance(node, ast.Lambda):
        return _reckons(node.body, resolve)
    defined = functions.get(node.id) if isinstance(node, ast.Name) else None
    if defined is None:
        return False
    body = [one for one in defined.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
    *before, last = body or [None]
    if not isinstance(last, ast.Return) or last.value is None or not all(isinstance(one, (ast.Assign, ast.If)) for one in before):
        return False
    return all(_is_number_statement(one, resolve) for one in before) and (_reckons(last.value, resolve) or bool(before))


def _reckons(node, resolve):
    return not isinstance(node, (ast.Name, ast.Constant)) and _is_arithmetic(node, resolve)


def _is_number_statement(node, resolve):
    if isinstance(node, ast.Assign):
        return all(isinstance(one, ast.Name) for one in node.targets) and _is_arithmetic(node.value, resolve)
    if isinstance(node, ast.Return):
        return node.value is not None and _is_arithmetic(node.value, resolve)
    if isinstance(node, ast.If):
        return _is_arithmetic(node.test, resolve) and all(_is_number_statement(one, resolve) for one in [*node.body, *node.orelse])
    return False


def _is_nested_comprehension(node, resolve):
    return isinstance(node, ast.ListComp) and _of_comprehension(node, resolve) is not None


def _of_while(node, resolve):
    """`while i < n: …; i += 1`."""
    if node.orelse or not isinstance(node.test, ast.Compare) or not isinstance(node.test.left, ast.Name):
        return None
    counter = node.test.left.id
    steps = [
        one
        for one in node.body
        if isinstance(one, ast.AugAssign) and isinstance(one.target, ast.Name) and one.target.id == counter
    ]
    if len(steps) != 1 or steps[0] is not node.body[-1] or not isinstance(steps[0].op, ast.Add):
        return None
    found = _of_body(node.body[:-1], {counter}, resolve)
    return Kind(found, 1) if found else None
