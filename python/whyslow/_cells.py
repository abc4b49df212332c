"""A cell of a notebook as a program that stands alone.

What the cell uses is found in the cells that ran before: the statements that bind or change a name that is used, and what those use in turn.
They run once in each process, before the cell is timed.
"""

from __future__ import annotations

import ast
import builtins
import io
import tokenize
from types import ModuleType
from typing import Dict, Iterable, Iterator, List, Mapping, Sequence, Set, Tuple

from ._command import WhyslowError

FUNCTION = 'whyslow_cell'
_BUILTINS = frozenset(dir(builtins)) | {'__name__', '__file__', '__doc__', '__builtins__', 'display'}
_SIMPLE = (ast.Assign, ast.AnnAssign, ast.AugAssign, ast.Expr, ast.Import, ast.ImportFrom, ast.Delete, ast.Assert, ast.Raise, ast.Pass)
_DEFINITIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
#: What they bind is bound whenever they run, so that nothing before counts.
_ALWAYS = (ast.Assign, ast.Import, ast.ImportFrom, *_DEFINITIONS)
#: They change no argument. IPython's `display` is among them.
_PURE = frozenset(
    'abs all any ascii bin bool bytes callable chr complex dict dir display divmod enumerate float format frozenset getattr hasattr hash hex id int '
    'isinstance issubclass iter len list max min oct ord pow print range repr reversed round set slice sorted str sum tuple type zip'.split()
)
#: What IPython makes of magics and shell commands.
_MAGIC = 'get_ipython'


def program(cell: str, before: Sequence[str], known: Mapping[str, object]) -> str:
    """The cell as a function, then what it needs: so lines have the numbers that the notebook shows, where the magic is line 1.

    `before`: the cells that ran earlier, in order, with magics transformed. `known`: the variables of the notebook. Raises WhyslowError.
    """
    tree = _parsed(cell)
    if any(_is_magic(statement) for statement in tree.body):
        raise WhyslowError('the cell has other magics or shell commands, which are no part of a program: measure it without them')
    if not tree.body:
        raise WhyslowError('the cell is empty')
    front, missing = needed(tree, before, {name for name, value in known.items() if isinstance(value, (ModuleType, type))})
    programs = [tree, _parsed('\n'.join(front))]
    if any('display' in _used(one.body) - _bound(one.body) for one in programs):
        # IPython alone has it.
        front = ['display = print', *front]
    unexplained = sorted(name for name in missing if name in known)
    if unexplained:
        raise WhyslowError(f'no statement of the cells before assigns {unexplained[0]}, which the cell uses: assign it in a cell, and run that first')
    body = indented(cell)
    changed = sorted(_read_first(tree))
    if changed:
        body = _with_globals(body, tree, changed)
    return '\n'.join([f'def {FUNCTION}(*_):', body.rstrip('\n'), '', *front, ''])


def _parsed(cell: str) -> ast.Module:
    try:
        return ast.parse(cell)
    except SyntaxError as error:
        raise WhyslowError(f'line {(error.lineno or 0) + 1} of the cell: {error.msg}') from None


def _with_globals(body: str, tree: ast.Module, names: Sequence[str]) -> str:
    """Variables of the notebook that the cell changes, declared on the line of its first statement."""
    first = tree.body[0]
    if not isinstance(first, _SIMPLE):
        raise WhyslowError(f'the cell changes {names[0]}, which an earlier cell assigns: assign it in the first line of this cell')
    lines = body.split('\n')
    at = first.lineno - 1
    lines[at] = f' global {", ".join(names)}; {lines[at].lstrip()}'
    return '\n'.join(lines)


def indented(cell: str) -> str:
    """By one blank; lines inside a text that goes over several stay as they are."""
    inside: Set[int] = set()
    opened: List[int] = []
    for token in tokenize.generate_tokens(io.StringIO(cell).readline):
        name = tokenize.tok_name[token.type]
        if name.endswith('STRING_START'):
            opened.append(token.start[0])
        elif name.endswith('STRING_END'):
            inside.update(range(opened.pop() + 1, token.end[0] + 1))
        elif name == 'STRING':
            inside.update(range(token.start[0] + 1, token.end[0] + 1))
    lines = cell.split('\n')
    return '\n'.join(line if number in inside or not line.strip() else f' {line}' for number, line in enumerate(lines, 1))


def needed(tree: ast.Module, before: Sequence[str], modules: Iterable[str] = ()) -> Tuple[List[str], Set[str]]:
    """The sources of statements of cells before that the cell needs, in order; and the names that none of them binds.

    `modules`: names of modules and classes, which a call of what they hold does not change if its result is used.
    """
    statements = [pair for cell in before for pair in _statements(cell)]
    changes = Changes([statement for statement, _ in statements], modules)
    wanted = (_used(tree.body) - _bound(tree.body)) | _read_first(tree)
    while True:
        taken, missing, late = _backwards(statements, changes, wanted)
        if late <= wanted:
            return taken, missing - _BUILTINS
        # What functions read is what it is when they are called, after all of the statements.
        wanted |= late


def _backwards(statements: Sequence[Tuple[ast.stmt, str]], changes: 'Changes', names: Set[str]) -> Tuple[List[str], Set[str], Set[str]]:
    """The sources taken, the names still wanted in front of them, and those that the functions among them read."""
    wanted, late = set(names), set()
    taken: List[str] = []
    for statement, source in reversed(statements):
        makes = _bound([statement])
        if not (makes | changes.of(statement)) & wanted:
            continue
        taken.append(source)
        if isinstance(statement, _ALWAYS):
            wanted -= makes
        reads = _used([statement])
        if isinstance(statement, _DEFINITIONS):
            reads -= makes
            late |= reads
        wanted |= reads
    return list(reversed(taken)), wanted, late


def _statements(cell: str) -> Iterator[Tuple[ast.stmt, str]]:
    """Top-level statements with their sources, without magics and without cells that did not parse."""
    try:
        tree = ast.parse(cell)
    except SyntaxError:
        return
    lines = cell.split('\n')
    for statement in tree.body:
        if _is_magic(statement):
            continue
        first = min([statement.lineno, *(one.lineno for one in getattr(statement, 'decorator_list', []))])
        if isinstance(statement, _SIMPLE):
            # Several may stand on a line.
            yield statement, ast.get_source_segment(cell, statement) or ''
        else:
            yield statement, '\n'.join(lines[first - 1 : statement.end_lineno])


def _is_magic(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Name) and node.id == _MAGIC for node in ast.walk(statement))


def _used(statements: Iterable[ast.stmt]) -> Set[str]:
    """Names that are read, also in functions, but for what the functions themselves bind."""
    return {name for statement in statements for name in _free(statement)}


def _free(node: ast.AST) -> Set[str]:
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        return {node.target.id} | _free(node.value)
    inner = {name for child in ast.iter_child_nodes(node) for name in _free(child)}
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
        given = node.args
        arguments = [*given.posonlyargs, *given.args, *given.kwonlyargs, *filter(None, (given.vararg, given.kwarg))]
        body = [] if isinstance(node, ast.Lambda) else node.body
        shared = {name for one in ast.walk(node) if isinstance(one, (ast.Global, ast.Nonlocal)) for name in one.names}
        return (inner - {one.arg for one in arguments} - (_bound(body) - shared)) | shared
    if isinstance(node, (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)):
        return inner - {one.id for part in node.generators for one in ast.walk(part.target) if isinstance(one, ast.Name)}
    return inner


def _bound(statements: Iterable[ast.stmt]) -> Set[str]:
    """Names that the statements bind in their own scope."""
    found: Set[str] = set()
    for statement in statements:
        found |= _binds(statement)
    return found


def _binds(node: ast.AST) -> Set[str]:
    if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
        return {node.name}
    if isinstance(node, ast.Lambda):
        return set()
    if isinstance(node, (ast.Import, ast.ImportFrom)):
        return {(one.asname or one.name).split('.')[0] for one in node.names}
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Store) else set()
    if isinstance(node, ast.ExceptHandler) and node.name is not None:
        return {node.name} | {name for child in ast.iter_child_nodes(node) for name in _binds(child)}
    return {name for child in ast.iter_child_nodes(node) for name in _binds(child)}


class Changes:
    """Which names' objects a statement may change in place: `x.append(1)`, `x[0] = 1`, `_ = x.eval()`, `freeze(x)`, also inside of its blocks.

    Names of one object, and of an object and its parts, are changed together: `part = x.part`, `for part in x.parts()`.
    """

    def __init__(self, statements: Sequence[ast.stmt], modules: Iterable[str]) -> None:
        self._modules = {*modules, *_modules_of(statements)}
        self._pure = _PURE - _bound(statements)
        self._functions = {one.name for one in statements if isinstance(one, _DEFINITIONS)}
        self._together: Dict[str, Set[str]] = {}
        for statement in statements:
            if isinstance(statement, _DEFINITIONS):
                # A call of it changes what it changes.
                self._join({statement.name} | self._in_place(statement) & _free(statement))
            for names in _shared(statement):
                self._join(names - self._modules - _BUILTINS)

    def of(self, statement: ast.stmt) -> Set[str]:
        found = self._in_place(statement)
        return found.union(*(self._together.get(name, ()) for name in found))

    def _join(self, names: Set[str]) -> None:
        if len(names) < 2:
            return
        group = set(names).union(*(self._together.get(name, ()) for name in names))
        for name in group:
            self._together[name] = group

    def _in_place(self, statement: ast.stmt) -> Set[str]:
        found: Set[str] = set()
        for node in ast.walk(statement):
            if isinstance(node, ast.Call):
                found |= self._by_call(node)
            elif isinstance(node, (ast.Attribute, ast.Subscript)) and isinstance(node.ctx, (ast.Store, ast.Del)):
                found |= _root(node)
            elif isinstance(node, ast.AugAssign):
                found |= _root(node.target)
        return found | _thrown_away(statement)

    def _by_call(self, call: ast.Call) -> Set[str]:
        name = call.func.id if isinstance(call.func, ast.Name) else None
        if name in self._pure:
            return set()
        own = {name} & self._functions if name is not None else _root(call.func) - self._modules
        given = [*call.args, *(one.value for one in call.keywords)]
        return own | ({one for value in given for one in _free(value)} - self._modules - _BUILTINS)


def _modules_of(statements: Iterable[ast.stmt]) -> Set[str]:
    imports = [node for statement in statements for node in ast.walk(statement) if isinstance(node, ast.Import)]
    return _bound(imports) | {one.name for one in statements if isinstance(one, ast.ClassDef)}


def _thrown_away(statement: ast.stmt) -> Set[str]:
    """The roots of calls whose result nothing uses: they are there for what they change, if only a module's settings."""
    found: Set[str] = set()
    for node in ast.walk(statement):
        is_unused = isinstance(node, ast.Assign) and all(isinstance(one, ast.Name) and one.id == '_' for one in node.targets)
        if (is_unused or isinstance(node, ast.Expr)) and isinstance(node.value, ast.Call) and isinstance(node.value.func, ast.Attribute):
            found |= _root(node.value.func)
    return found


def _shared(statement: ast.stmt) -> Iterator[Set[str]]:
    """Sets of names that may be those of one object and of its parts."""
    for node in ast.walk(statement):
        if isinstance(node, ast.Assign):
            yield _whole(node.value) | _bound(node.targets)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            yield _whole(node.value) | _binds(node.target)
        elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
            yield _free(node.iter) | _binds(node.target)
        elif isinstance(node, ast.withitem) and node.optional_vars is not None:
            yield _whole(node.context_expr) | _binds(node.optional_vars)


def _whole(value: ast.AST) -> Set[str]:
    """The names whose objects, or parts of them, the value may be: not what a function makes of them."""
    if isinstance(value, (ast.Attribute, ast.Subscript, ast.Starred, ast.Await, ast.NamedExpr)):
        return _whole(value.value)
    if isinstance(value, ast.Call):
        if isinstance(value.func, ast.Attribute):
            return _whole(value.func)
        return {name for one in value.args for name in _whole(one)} if isinstance(value.func, ast.Name) and value.func.id in _PURE else set()
    if isinstance(value, (ast.Tuple, ast.List, ast.BoolOp, ast.IfExp, ast.Dict)):
        return {name for child in ast.iter_child_nodes(value) for name in _whole(child)}
    return {value.id} if isinstance(value, ast.Name) else set()


def _root(node: ast.AST) -> Set[str]:
    while isinstance(node, (ast.Attribute, ast.Subscript, ast.Call)):
        node = node.func if isinstance(node, ast.Call) else node.value
    return {node.id} if isinstance(node, ast.Name) else set()


def _read_first(tree: ast.Module) -> Set[str]:
    """Names that the cell binds, and reads before that."""
    bound: Set[str] = set()
    found: Set[str] = set()
    for statement in tree.body:
        reads, makes = _free(statement), _binds(statement)
        # A loop or block that binds a name and reads it binds it first, as most do.
        first = reads - makes if not isinstance(statement, _SIMPLE) else reads
        found |= first - bound
        bound |= makes
    return found & _bound(tree.body)
