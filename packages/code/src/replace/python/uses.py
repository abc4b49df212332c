"""What a program does with a list after the loop that filled it. An array in its place is as good for who picks elements, asks for the length, goes through
it or hands it to NumPy; anything else (json.dumps, +, append, a return, a call of another function) may need the list."""
import ast

#: They go through what they are given, one by one.
THROUGH = ("enumerate", "zip", "len")


def needs_list(place, proposal, numpy_names):
    """Whether the loop makes a list, and something after it may need one."""
    if not makes_list(proposal):
        return False
    written = proposal.written
    if written is None:  # It is returned.
        return True
    nodes = list(ast.walk(place.scope))
    if any(isinstance(node, (ast.Global, ast.Nonlocal)) and written in node.names for node in nodes):
        return True
    above = {id(child): node for node in nodes for child in ast.iter_child_nodes(node)}
    return any(not is_plain_use(node, above, numpy_names) for node in nodes if is_read_after(node, place, written, nodes))


def makes_list(proposal):
    original = proposal.original[0]
    return proposal.result == "fresh" and (isinstance(original, ast.For) or isinstance(original.value, ast.ListComp))


def is_read_after(node, place, written, nodes):
    """After the statement; in a loop around it, before it too."""
    if not (isinstance(node, ast.Name) and node.id == written and isinstance(node.ctx, ast.Load)):
        return False
    statement = place.statement
    if statement.lineno <= node.lineno <= statement.end_lineno:
        return False
    if node.lineno > statement.end_lineno:
        return True
    return any(isinstance(one, (ast.For, ast.While)) and one is not statement and one.lineno <= statement.lineno and one.end_lineno >= statement.end_lineno
               for one in nodes)


def is_plain_use(node, above, numpy_names):
    parent = above.get(id(node))
    if isinstance(parent, ast.Subscript) and parent.value is node:
        if not isinstance(parent.slice, ast.Slice):
            return isinstance(parent.ctx, ast.Load)
        return is_call_of(above.get(id(parent)), ("print",))
    if isinstance(parent, (ast.For, ast.comprehension)):
        return parent.iter is node
    return is_call_of(parent, THROUGH) or is_numpy_call(parent, numpy_names)


def is_call_of(node, names):
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in names


def is_numpy_call(node, numpy_names):
    function = node.func if isinstance(node, ast.Call) else None
    while isinstance(function, ast.Attribute):
        function = function.value
    return isinstance(function, ast.Name) and function.id in numpy_names


def as_list(statements, dtype):
    """The same with a list as its result: of Python's numbers, as the loop over lists has them; of NumPy's, where those are of other sizes."""
    *others, last = statements
    if dtype in ("float64", "int64", "bool"):
        value = ast.Call(func=ast.Attribute(value=last.value, attr="tolist", ctx=ast.Load()), args=[], keywords=[])
    else:
        value = ast.Call(func=ast.Name(id="list", ctx=ast.Load()), args=[last.value], keywords=[])
    made = ast.Return(value=value) if isinstance(last, ast.Return) else ast.Assign(targets=last.targets, value=value)
    return [*others, ast.fix_missing_locations(made)]
