"""Rows of a DataFrame that are gone through one by one, `for _, row in df.iterrows()` and `df.apply(lambda row: …, axis=1)`, in two other ways:

- as an expression over columns, where the body is arithmetic alone: the loop over rows becomes a loop over elements of the columns, which vectorize.py turns into
  NumPy, and prove.py holds against it;
- as the same loop over the rows of one array, `df.to_numpy()`. A row of iterrows is made of such a row, so that its elements are the same objects of the same types,
  whatever the body does with them.

Read are bodies that use the row by the names of its columns alone: row["a"], row.a.
"""
import ast
import copy
import keyword

from regrow import Written, fresh
from vectorize import Refused, is_name, name, propose


#: What the elements of an apply are kept in while they are proven.
APPLIED = "applied__"


class Rows:
    """A statement with rows in it. `frame`: the DataFrame's name; `columns`: names of those that are read, each with the name of its array."""

    def __init__(self, frame, row, statement):
        self.frame = frame
        self.row = row
        self.statement = statement
        self.columns = {}

    def read_in(self, nodes):
        """Notes which columns the row is asked for. Raises Refused where it is used otherwise."""
        known = set()
        for body in nodes:
            for node in ast.walk(body):
                column = self.column_of(node)
                if column is not None:
                    known.add(id(node.value))
                    self.columns.setdefault(column, None)
                elif is_name(node, self.row) and id(node) not in known:
                    raise Refused("it uses a row as a whole")
                elif is_name(node, self.frame):
                    raise Refused("it uses the DataFrame in addition to its rows")
        if not self.columns:
            raise Refused("it reads no column of its rows")

    def column_of(self, node):
        if isinstance(node, ast.Subscript) and is_name(node.value, self.row) and isinstance(node.ctx, ast.Load):
            index = node.slice
            if not (isinstance(index, ast.Constant) and isinstance(index.value, str)):
                raise Refused("it reads columns by something else than their names")
            return index.value
        if isinstance(node, ast.Attribute) and is_name(node.value, self.row) and isinstance(node.ctx, ast.Load):
            return node.attr
        return None

    def check(self, values):
        """Raises Refused where a name is no column, or two columns have it."""
        frame = values.get(self.frame)
        if not (hasattr(frame, "columns") and hasattr(frame, "iterrows")):
            raise Refused("%s is no DataFrame" % self.frame)
        for column in self.columns:
            if list(frame.columns).count(column) != 1:
                raise Refused("%s is no column of %s" % (column, self.frame))

    def as_long(self, statement):
        """Columns of one DataFrame are of one length: none has to be cut to another's."""
        arrays = self.columns.values()

        class Whole(ast.NodeTransformer):
            def visit_Subscript(self, node):
                self.generic_visit(node)
                upper = node.slice.upper if isinstance(node.slice, ast.Slice) else None
                is_cut = is_name(node.value) and node.value.id in arrays and isinstance(upper, ast.Call) and is_name(upper.func) and upper.func.id in ("len", "min")
                return node.value if is_cut else node

        return Whole().visit(statement)

    def named(self, taken, ending=""):
        """Names for what stands for the columns."""
        for column in self.columns:
            plain = "".join(letter if letter.isalnum() else "_" for letter in column)
            wanted = plain if plain.isidentifier() and not keyword.iskeyword(plain) else "column"
            self.columns[column] = fresh(wanted + ending, taken)

    def with_columns(self, nodes, put):
        """Copies of nodes, with put(name of the column's array) in place of row["a"]."""
        rows = self

        class Swap(ast.NodeTransformer):
            def swap(self, node):
                column = rows.column_of(node)
                return self.generic_visit(node) if column is None else put(rows.columns[column])

            visit_Subscript = visit_Attribute = swap

        return [Swap().visit(copy.deepcopy(one)) for one in nodes]


def iterated(loop):
    """(frame, row, index) of `for index, row in frame.iterrows()`; None of other loops."""
    call = loop.iter
    is_rows = isinstance(call, ast.Call) and isinstance(call.func, ast.Attribute) and call.func.attr == "iterrows" and is_name(call.func.value) and not call.args
    if not is_rows or not (isinstance(loop.target, ast.Tuple) and len(loop.target.elts) == 2 and all(map(is_name, loop.target.elts))):
        return None
    return call.func.value.id, loop.target.elts[1].id, loop.target.elts[0].id


class Vectorized:
    """An expression over columns. `proposal`: of the loop over their elements, to be proven; `statements(values)` writes what stands in place of the rows."""

    def __init__(self, rows, proposal, finish):
        self.rows = rows
        self.proposal = proposal
        self.finish = finish
        self.helpers = list(rows.columns.values())
        self.target = None if proposal.written == APPLIED else proposal.written

    def elements(self, values):
        """The columns as the loop over rows has their elements."""
        frame = values[self.rows.frame]
        common = frame.to_numpy().dtype
        found = {}
        for column, array in self.rows.columns.items():
            found[array] = frame[column].tolist() if common == object else frame[column].to_numpy(common)
        return found

    def statements(self, values):
        """Statements with the types that rows have: the widest, if numbers have several types."""
        self.rows.check(values)
        frame = values[self.rows.frame]
        common = frame.to_numpy().dtype
        begun = []
        for column, array in self.rows.columns.items():
            asked = "" if common == object or frame[column].dtype == common else '"%s"' % common
            source = "%s = %s[%r].to_numpy(%s)" % (array, self.rows.frame, column, asked)
            begun.append(ast.parse(source).body[0])
        return begun + self.finish([self.rows.as_long(one) for one in copy.deepcopy(self.proposal.statements)])


class OverArray(Written):
    """The same loop over the rows of an array."""

    def __init__(self, rows, statements):
        super().__init__(statements, list(rows.columns.values()))
        self.rows = rows

    def check(self, values):
        self.rows.check(values)


def of_loop(loop, before, numpy_names, taken):
    """What may stand in place of a loop over rows: [Vectorized | Written]. Raises Refused."""
    frame, row, index = iterated(loop)
    if loop.orelse or any(isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda, ast.Await, ast.Yield, ast.YieldFrom)) for node in ast.walk(loop)):
        raise Refused("its body does more than go from row to row")
    if any(is_name(node) and isinstance(node.ctx, ast.Store) and node.id in (frame, row) for one in loop.body for node in ast.walk(one)):
        raise Refused("it gives the row or the DataFrame another value")
    rows = Rows(frame, row, loop)
    rows.read_in(loop.body)
    found = []
    over = Rows(frame, row, loop)
    over.columns = dict(rows.columns)
    over.named(set(taken))
    try:
        found.append(_vectorized_loop(loop, over, before, (index, numpy_names)))
    except Refused:
        pass
    rows.named(taken, "_at")
    body = rows.with_columns(loop.body, lambda at: ast.Subscript(value=name(row), slice=name(at), ctx=ast.Load()))
    over_array = ast.parse("zip(%s.index, %s.to_numpy())" % (frame, frame), mode="eval").body
    changed = ast.For(target=copy.deepcopy(loop.target), iter=over_array, body=body, orelse=[])
    found.append(OverArray(rows, places_of(rows) + [ast.copy_location(changed, loop)]))
    return found


def _vectorized_loop(loop, rows, before, given):
    index, numpy_names = given
    arrays = list(rows.columns.values())
    elements = {array: array + "_element" for array in arrays}
    body = rows.with_columns(loop.body, lambda array: name(elements[array]))
    if any(is_name(node, index) for one in body for node in ast.walk(one)):
        raise Refused("it uses the index of its rows")
    flat = ast.For(target=_targets(elements.values()), iter=_zipped(arrays), body=body, orelse=[])
    return Vectorized(rows, propose(ast.fix_missing_locations(ast.copy_location(flat, loop)), before, numpy_names), lambda statements: statements)


def _targets(names):
    names = list(names)
    if len(names) == 1:
        return name(names[0], True)
    return ast.Tuple(elts=[name(one, True) for one in names], ctx=ast.Store())


def _zipped(names):
    if len(names) == 1:
        return name(names[0])
    return ast.Call(func=name("zip"), args=[name(one) for one in names], keywords=[])


def places_of(rows):
    """a_at, b_at = (df.columns.get_loc(name) for name in ("a", "b"))"""
    if len(rows.columns) == 1:
        (column, at), = rows.columns.items()
        return ast.parse("%s = %s.columns.get_loc(%r)" % (at, rows.frame, column)).body
    names = ", ".join(rows.columns.values())
    asked = ", ".join(repr(one) for one in rows.columns)
    return ast.parse("%s = (%s.columns.get_loc(name) for name in (%s))" % (names, rows.frame, asked)).body


# df.apply(…, axis=1).

def applied(statement):
    """The call of apply over rows in an assignment or a return: (call, frame's name); None where there is none, or several."""
    if not isinstance(statement, (ast.Assign, ast.Return)) or statement.value is None:
        return None
    found = [node for node in ast.walk(statement.value) if _is_apply(node)]
    return (found[0], found[0].func.value.id) if len(found) == 1 else None


def _is_apply(node):
    if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "apply" and is_name(node.func.value)):
        return False
    by_row = len(node.keywords) == 1 and node.keywords[0].arg == "axis" and getattr(node.keywords[0].value, "value", None) in (1, "columns")
    return by_row and len(node.args) == 1


def of_apply(statement, functions, known, taken):
    """What may stand in place of a statement with apply(…, axis=1). `known`: (names of NumPy, name of pandas). Raises Refused."""
    numpy_names, pandas = known
    call, frame = applied(statement)
    row, value = _function_of(call.args[0], functions)
    rows = Rows(frame, row, statement)
    rows.read_in([value])
    found = []
    over = Rows(frame, row, statement)
    over.columns = dict(rows.columns)
    over.named(set(taken))
    try:
        found.append(_vectorized_apply(statement, over, value, (call, numpy_names, pandas)))
    except Refused:
        pass
    rows.named(taken, "_at")
    (each,) = rows.with_columns([value], lambda at: ast.Subscript(value=name(row), slice=name(at), ctx=ast.Load()))
    turns = ast.comprehension(target=name(row, True), iter=ast.parse("%s.to_numpy()" % frame, mode="eval").body, ifs=[], is_async=0)
    listed = ast.ListComp(elt=each, generators=[turns])
    found.append(OverArray(rows, places_of(rows) + [_in_place(statement, call, _series(pandas, listed, frame))]))
    return found


def _vectorized_apply(statement, rows, value, given):
    call, numpy_names, pandas = given
    arrays = list(rows.columns.values())
    elements = {array: array + "_element" for array in arrays}
    (each,) = rows.with_columns([value], lambda array: name(elements[array]))
    turns = ast.comprehension(target=_targets(elements.values()), iter=_zipped(arrays), ifs=[], is_async=0)
    flat = ast.Assign(targets=[name(APPLIED, True)], value=ast.ListComp(elt=each, generators=[turns]))
    proposal = propose(ast.fix_missing_locations(ast.copy_location(flat, statement)), [], numpy_names)
    frame = rows.frame

    def finish(statements):
        return [_in_place(statement, call, _series(pandas, copy.deepcopy(statements[0].value), frame))]

    return Vectorized(rows, proposal, finish)


def _function_of(given, functions):
    """(name of the row, the expression that the function gives). Raises Refused."""
    if isinstance(given, ast.Lambda):
        arguments, value = given.args, given.body
    else:
        function = functions.get(given.id) if is_name(given) else None
        body = [] if function is None else [one for one in function.body if not (isinstance(one, ast.Expr) and isinstance(one.value, ast.Constant))]
        if len(body) != 1 or not isinstance(body[0], ast.Return) or body[0].value is None or function.decorator_list:
            raise Refused("its function does more than give an expression of a row")
        arguments, value = function.args, body[0].value
    if len(arguments.args) != 1 or arguments.vararg or arguments.kwarg or arguments.kwonlyargs or arguments.posonlyargs:
        raise Refused("its function takes more than a row")
    return arguments.args[0].arg, value


def _series(pandas, values, frame):
    index = ast.keyword(arg="index", value=ast.Attribute(value=name(frame), attr="index", ctx=ast.Load()))
    return ast.Call(func=ast.Attribute(value=name(pandas), attr="Series", ctx=ast.Load()), args=[values], keywords=[index])


def _in_place(statement, call, other):
    class Swap(ast.NodeTransformer):
        def visit_Call(self, node):
            return other if getattr(node, "is_swapped", False) else self.generic_visit(node)

    call.is_swapped = True
    changed = Swap().visit(copy.deepcopy(statement))
    call.is_swapped = False
    return ast.fix_missing_locations(changed)
