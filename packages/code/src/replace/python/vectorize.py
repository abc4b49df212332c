"""A loop over elements as the NumPy expression that does the same: generated from the loop's syntax alone.

What is generated is a proposal. prove.py runs it next to the loop, on the values that the loop saw and on arrays made to tell them apart, and what is not
equal there is not offered. Refused here is what cannot be equal: a dependence on other elements, calls of functions that nobody has looked into,
names that are used after the loop.
"""
import ast
import copy


class Refused(Exception):
    """Why there is no such expression, as its reader would say it."""


class Proposal:
    """What stands in place of statements."""

    def __init__(self, original, form, statements, operands, written, scalars, stops, result):
        self.original = original  # statements, as they are
        self.form = form  # 'map', 'filter', 'sum', 'count'
        self.statements = statements  # in their place
        self.operands = operands  # arrays and lists whose elements are read: how many indices those have, by name
        self.written = written  # the name that holds the result
        self.scalars = scalars  # other names that are read
        self.stops = stops  # what bounds each loop, as syntax; None: the operands' own length
        self.result = result  # 'store', 'fresh', 'number'
        self.needs_list = False  # what comes after it may need the list that the loop made


# Element by element the same in C as on scalars of NumPy, as far as prove.py finds it so.
UFUNCS = {"sqrt", "exp", "log", "log2", "log10", "log1p", "expm1", "abs", "absolute", "fabs", "sin", "cos", "tan", "tanh", "sinh", "cosh", "arctan", "arcsin",
          "arccos", "floor", "ceil", "trunc", "rint", "square", "sign", "maximum", "minimum", "power", "hypot", "arctan2", "add", "subtract", "multiply",
          "divide", "isnan", "isfinite", "isinf", "where", "clip", "float32", "float64"}
BINARY = (ast.Add, ast.Sub, ast.Mult, ast.Div, ast.FloorDiv, ast.Mod, ast.Pow, ast.BitAnd, ast.BitOr, ast.BitXor)


def name(identifier, store=False):
    return ast.Name(id=identifier, ctx=ast.Store() if store else ast.Load())


def numpy_call(function, *arguments):
    return ast.Call(func=ast.Attribute(value=name("np"), attr=function, ctx=ast.Load()), args=list(arguments), keywords=[])


def is_name(node, identifier=None):
    return isinstance(node, ast.Name) and (identifier is None or node.id == identifier)


class Loops:
    """The loops around the body: their variables, what bounds them, and what each variable stands for."""

    def __init__(self, numpy_names):
        self.variables = []  # index variables, outermost first
        self.stops = {}  # variable: syntax of its bound
        self.elements = {}  # name: (array, index variable) of `for x in a`
        self.unnamed = 0
        self.beside = {}  # (array, index): what else ends a `zip`
        self.numpy_names = numpy_names

    def enter(self, target, iterated):
        if isinstance(iterated, ast.Call) and is_name(iterated.func, "range") and not iterated.keywords:
            self.enter_range(target, iterated.args)
        elif isinstance(iterated, ast.Call) and is_name(iterated.func, "enumerate") and len(iterated.args) == 1 and isinstance(target, ast.Tuple):
            index, element = target.elts
            if not is_name(index):
                raise Refused("its loop counts into something that is no name")
            self.open(index.id, None)
            self.bind(element, iterated.args[0], index.id)
        else:
            self.unnamed += 1
            index = "element %d" % self.unnamed
            self.open(index, None)
            self.bind(target, iterated, index)

    def enter_range(self, target, arguments):
        if not is_name(target):
            raise Refused("its loop counts into something that is no name")
        if len(arguments) == 2 and isinstance(arguments[0], ast.Constant) and arguments[0].value == 0:
            arguments = arguments[1:]
        if len(arguments) != 1:
            raise Refused("it does not go from the first element to the last, one by one")
        self.open(target.id, arguments[0])

    def open(self, variable, stop):
        if variable in self.stops:
            raise Refused("two loops count with one name")
        self.variables.append(variable)
        self.stops[variable] = stop

    def bind(self, target, iterated, index):
        if isinstance(iterated, ast.Call) and is_name(iterated.func, "zip") and isinstance(target, (ast.Tuple, ast.List)) and not iterated.keywords:
            if len(target.elts) != len(iterated.args):
                raise Refused("it takes apart what it goes through")
            for one, array in zip(target.elts, iterated.args):
                self.bind(one, array, index)
            names = list(dict.fromkeys(one.id for one in iterated.args))
            for array in names:
                self.beside[array, index] = [one for one in names if one != array]
            return
        if not is_name(target) or not is_name(iterated):
            raise Refused("it goes through something that is no array by name")
        self.elements[target.id] = (iterated.id, index)


class Lift:
    """Expressions over elements as expressions over arrays."""

    def __init__(self, loops, axes):
        self.loops = loops
        self.axes = axes  # index variables in the order of the result's axes
        self.locals = {}  # temporary names: their array expressions
        self.operands = {}  # name: how many indices its elements have
        self.scalars = []
        self.written = None

    def lift(self, node):
        if isinstance(node, ast.Constant):
            if isinstance(node.value, (int, float, bool)):
                return node
            raise Refused("it works on something else than numbers")
        if isinstance(node, ast.Name):
            return self.lift_name(node)
        if isinstance(node, ast.Subscript):
            return self.lift_element(node)
        if isinstance(node, ast.BinOp):
            if not isinstance(node.op, BINARY):
                raise Refused("it uses an operator that arrays have otherwise")
            return ast.BinOp(left=self.lift(node.left), op=node.op, right=self.lift(node.right))
        if isinstance(node, ast.UnaryOp):
            operand = self.lift(node.operand)
            if isinstance(node.op, ast.Not):
                return numpy_call("logical_not", operand)
            return ast.UnaryOp(op=node.op, operand=operand)
        if isinstance(node, ast.Compare):
            return self.lift_compare(node)
        if isinstance(node, ast.BoolOp):
            function = "logical_and" if isinstance(node.op, ast.And) else "logical_or"
            lifted = [self.lift_test(one) for one in node.values]
            whole = lifted[0]
            for one in lifted[1:]:
                whole = numpy_call(function, whole, one)
            return whole
        if isinstance(node, ast.IfExp):
            return numpy_call("where", self.lift_test(node.test), self.lift(node.body), self.lift(node.orelse))
        if isinstance(node, ast.Call):
            return self.lift_call(node)
        raise Refused("its body does more than arithmetic")

    def lift_test(self, node):
        """`and`, `or` and `not` give one of their operands: of truth values alone it is one."""
        is_truth = isinstance(node, (ast.Compare, ast.BoolOp)) or (isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not))
        if not is_truth:
            raise Refused("it asks a number whether it is true")
        if isinstance(node, ast.UnaryOp):
            self.lift_test(node.operand)
        return self.lift(node)

    def lift_compare(self, node):
        if any(isinstance(op, (ast.In, ast.NotIn, ast.Is, ast.IsNot)) for op in node.ops):
            raise Refused("it looks for membership")
        parts = [self.lift(one) for one in [node.left] + node.comparators]
        whole = None
        for left, op, right in zip(parts, node.ops, parts[1:]):
            one = ast.Compare(left=left, ops=[op], comparators=[right])
            whole = one if whole is None else numpy_call("logical_and", whole, one)
        return whole

    def lift_name(self, node):
        if node.id in self.locals:
            return copy.deepcopy(self.locals[node.id])
        if node.id in self.loops.elements:
            array, index = self.loops.elements[node.id]
            return self.operand(array, [index])
        if node.id in self.loops.variables:
            raise Refused("it computes with the number of the element")
        if node.id == self.written:
            raise Refused("an element depends on others")
        if node.id not in self.scalars:
            self.scalars.append(node.id)
        return node

    def lift_element(self, node):
        array, indices = subscripts(node)
        if array is None or not all(is_name(one) for one in indices):
            raise Refused("it reads other elements than the one it is at")
        variables = [one.id for one in indices]
        if not any(one in self.loops.variables for one in variables):
            raise Refused("it picks elements by a name that is not the loop's")
        if array == self.written and variables != self.axes:
            raise Refused("an element depends on others")
        return self.operand(array, variables)

    def operand(self, array, variables):
        if any(one not in self.loops.variables for one in variables):
            raise Refused("it picks elements by a name that is not the loop's")
        if len(set(variables)) != len(variables):
            raise Refused("it reads a diagonal")
        if array in self.loops.variables or array in self.loops.elements or array in self.locals:
            raise Refused("it goes into the elements")
        if self.operands.setdefault(array, len(variables)) != len(variables):
            raise Refused("it reads rows and elements of one array")
        whole = sliced(array, [self.bound(array, axis, one) for axis, one in enumerate(variables)])
        order = [variables.index(one) for one in self.axes if one in variables]
        if len(order) != len(variables):
            raise Refused("it reads more axes than it writes")
        if order != sorted(order):
            axes = ast.Tuple(elts=[ast.Constant(value=one) for one in order], ctx=ast.Load())
            whole = numpy_call("transpose", whole, axes)
        return self.spread(whole, variables)

    def spread(self, whole, variables):
        """Axes that it does not have are those over which its elements repeat; leading ones need no name."""
        have = [one in variables for one in self.axes]
        if True not in have:
            return whole
        have = have[have.index(True):]
        if all(have):
            return whole
        slices = [ast.Slice() if one else ast.Constant(value=None) for one in have]
        return ast.Subscript(value=whole, slice=ast.Tuple(elts=slices, ctx=ast.Load()), ctx=ast.Load())

    def bound(self, array, axis, variable):
        """What ends its axis: None where that is its own length."""
        stop = self.loops.stops[variable]
        beside = self.loops.beside.get((array, variable))
        if beside:
            lengths = [ast.Call(func=name("len"), args=[name(one)], keywords=[]) for one in beside]
            return lengths[0] if len(lengths) == 1 else ast.Call(func=name("min"), args=lengths, keywords=[])
        if stop is None or is_length(stop, array, axis):
            return None
        return stop

    def lift_call(self, node):
        if node.keywords or any(isinstance(one, ast.Starred) for one in node.args):
            raise Refused("it calls %s" % ast.unparse(node.func))
        arguments = node.args
        if isinstance(node.func, ast.Name):
            if node.func.id == "abs" and len(arguments) == 1:
                return numpy_call("abs", self.lift(arguments[0]))
            if node.func.id in ("max", "min") and len(arguments) == 2:
                left, right = (self.lift(one) for one in arguments)
                op = ast.Gt() if node.func.id == "max" else ast.Lt()
                # As Python has it: the first one, unless the second is beyond it.
                return numpy_call("where", ast.Compare(left=right, ops=[op], comparators=[left]), copy.deepcopy(right), copy.deepcopy(left))
            if node.func.id == "float" and len(arguments) == 1:
                return numpy_call("float64", self.lift(arguments[0]))
        func = node.func
        if isinstance(func, ast.Attribute) and is_name(func.value) and func.value.id in self.loops.numpy_names and func.attr in UFUNCS:
            return numpy_call(func.attr, *(self.lift(one) for one in arguments))
        raise Refused("it calls %s" % ast.unparse(func))


def subscripts(node):
    """a[i][j] and a[i, j] as ('a', [i, j])."""
    indices = []
    while isinstance(node, ast.Subscript):
        index = node.slice
        indices = (list(index.elts) if isinstance(index, ast.Tuple) else [index]) + indices
        node = node.value
    return (node.id, indices) if is_name(node) else (None, indices)


def is_length(stop, array, axis):
    """len(a), a.shape[0], and a.size of one axis."""
    if isinstance(stop, ast.Call) and is_name(stop.func, "len") and len(stop.args) == 1:
        inner, indices = subscripts(stop.args[0])
        return inner == array and len(indices) == axis and all(isinstance(one, ast.Constant) and one.value == 0 for one in indices)
    if isinstance(stop, ast.Subscript) and isinstance(stop.value, ast.Attribute) and stop.value.attr == "shape":
        return is_name(stop.value.value, array) and isinstance(stop.slice, ast.Constant) and stop.slice.value == axis
    return False


def sliced(array, bounds):
    if all(bound is None for bound in bounds):
        return name(array)
    while bounds and bounds[-1] is None:
        bounds = bounds[:-1]
    slices = [ast.Slice(upper=None if bound is None else bounded(bound)) for bound in bounds]
    inner = slices[0] if len(slices) == 1 else ast.Tuple(elts=slices, ctx=ast.Load())
    return ast.Subscript(value=name(array), slice=inner, ctx=ast.Load())


def bounded(stop):
    """A negative bound is no element in a range, and the end of a slice."""
    known = (isinstance(stop, ast.Constant) and isinstance(stop.value, int) and stop.value >= 0) or "shape" in ast.dump(stop) or "'len'" in ast.dump(stop)
    return stop if known else ast.Call(func=name("max"), args=[stop, ast.Constant(value=0)], keywords=[])


# Statements.

def propose(statement, before, numpy_names):
    """The proposal for a loop, or for a statement around a comprehension. `before`: the statements in front of it in its block. Raises Refused."""
    if isinstance(statement, ast.For):
        return propose_loop(statement, before, numpy_names)
    if isinstance(statement, (ast.Assign, ast.Return)) and statement.value is not None:
        return propose_comprehension(statement, numpy_names)
    raise Refused("it is no loop that goes through elements")


def propose_loop(statement, before, numpy_names):
    loops, body = Loops(numpy_names), [statement]
    while len(body) == 1 and isinstance(body[0], ast.For):
        if body[0].orelse:
            raise Refused("its loop has an else")
        loops.enter(body[0].target, body[0].iter)
        body = body[0].body
    if any(isinstance(node, (ast.Break, ast.Continue, ast.Return, ast.Await, ast.Yield, ast.Try, ast.With, ast.While, ast.For)) for one in body for node in ast.walk(one)):
        raise Refused("its body does more than go from element to element")
    axes = axes_of(body, loops)
    lift = Lift(loops, axes)
    lift.written = written_by(body)
    for one in body[:-1]:
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and is_name(one.targets[0]) and one.targets[0].id != lift.written:
            lift.locals[one.targets[0].id] = lift.lift(one.value)
        else:
            raise Refused("its body does more than one thing")
    if not body:
        raise Refused("its body is empty")
    return finish(statement, body[-1], lift, before)


def axes_of(body, loops):
    """The order of the result's axes: as the target is indexed, else as the loops stand."""
    for node in ast.walk(ast.Module(body=body, type_ignores=[])):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            _, indices = subscripts(node)
            if all(is_name(one) for one in indices):
                return [one.id for one in indices]
            raise Refused("it writes other elements than the one it is at")
    return list(loops.variables)


def written_by(body):
    for node in ast.walk(ast.Module(body=body, type_ignores=[])):
        if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Store):
            return subscripts(node)[0]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr == "append" and is_name(node.func.value):
            return node.func.value.id
        if isinstance(node, ast.AugAssign) and is_name(node.target):
            return node.target.id
    last = body[-1] if body else None
    if isinstance(last, ast.Assign) and len(last.targets) == 1 and is_name(last.targets[0]):
        return last.targets[0].id
    raise Refused("it keeps nothing of what it computes")


def finish(statement, last, lift, before):
    kind, value, test = outcome(last, lift)
    target = lift.written
    if not lift.operands:
        raise Refused("it reads no elements")
    if kind == "store":
        form, statements, result = "map", store(lift, value, before), "store"
        if isinstance(statements[0].targets[0], ast.Name):
            result = "fresh"
    elif kind == "append":
        if len(lift.loops.variables) > 1:
            raise Refused("it appends in nested loops")
        if not is_fresh_list(before, target):
            raise Refused("the list that it fills is not made empty right before it")
        needs_array(value, lift)
        whole = value if test is None else ast.Subscript(value=value, slice=test, ctx=ast.Load())
        form, result = ("map" if test is None else "filter"), "fresh"
        statements = [ast.Assign(targets=[name(target, True)], value=whole)]
    else:
        form, result = kind, "number"
        statements = [ast.AugAssign(target=name(target, True), op=ast.Add(), value=value)]
    return made(statement, form, statements, lift, result)


def made(statement, form, statements, lift, result):
    stops = [lift.loops.stops[one] for one in lift.loops.variables]
    scalars = [one for one in lift.scalars if one not in lift.operands]
    return Proposal([statement], form, [ast.fix_missing_locations(one) for one in statements], lift.operands, lift.written, scalars, stops, result)


def outcome(last, lift):
    """('store' | 'append' | 'sum' | 'count', expression over arrays, test)."""
    if isinstance(last, ast.If):
        return outcome_of_choice(last, lift)
    if isinstance(last, ast.Assign) and len(last.targets) == 1:
        target = last.targets[0]
        if isinstance(target, ast.Subscript):
            return "store", lift.lift(last.value), None
        value = last.value
        # s = s + …
        if is_name(target) and isinstance(value, ast.BinOp) and isinstance(value.op, ast.Add) and is_name(value.left, target.id):
            return "sum", summed(value.right, lift), None
    if isinstance(last, ast.AugAssign):
        if isinstance(last.target, ast.Subscript):
            array, indices = subscripts(last.target)
            read = ast.Subscript(value=last.target.value, slice=last.target.slice, ctx=ast.Load())
            return "store", lift.lift(ast.BinOp(left=read, op=last.op, right=last.value)), None
        if is_name(last.target) and isinstance(last.op, ast.Add):
            return "sum", summed(last.value, lift), None
    appended = appended_value(last)
    if appended is not None:
        return "append", lift.lift(appended), None
    raise Refused("its body does more than arithmetic")


def appended_value(node):
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
        call = node.value
        if isinstance(call.func, ast.Attribute) and call.func.attr == "append" and len(call.args) == 1 and not call.keywords:
            return call.args[0]
    return None


def summed(node, lift):
    """A product of two arrays is summed by the product of vectors."""
    if len(lift.loops.variables) > 1:
        raise Refused("it sums in nested loops")
    if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Mult):
        left, right = lift.lift(node.left), lift.lift(node.right)
        if is_plain(left, lift) and is_plain(right, lift):
            return numpy_call("dot", left, right)
        return numpy_call("sum", ast.BinOp(left=left, op=ast.Mult(), right=right))
    value = lift.lift(node)
    needs_array(value, lift)
    return numpy_call("sum", value)


def is_plain(node, lift):
    """An array as it is, whole or up to a bound; no number."""
    if isinstance(node, ast.Subscript) and isinstance(node.slice, ast.Slice):
        node = node.value
    return isinstance(node, ast.Name) and node.id in lift.operands


def needs_array(value, lift):
    """A value that is the same for all elements has no elements of its own."""
    names = {one.id for one in ast.walk(value) if isinstance(one, ast.Name)}
    if not names & set(lift.operands):
        raise Refused("it gives the same for every element")


def outcome_of_choice(last, lift):
    test = lift.lift_test(last.test)
    if len(last.body) != 1 or len(last.orelse) > 1:
        raise Refused("its branches do more than one thing")
    body = last.body[0]
    appended = appended_value(body)
    if appended is not None and not last.orelse:
        return "append", lift.lift(appended), test
    if isinstance(body, ast.AugAssign) and is_name(body.target) and isinstance(body.op, ast.Add) and not last.orelse:
        if isinstance(body.value, ast.Constant) and body.value.value == 1 and type(body.value.value) is int and len(lift.loops.variables) == 1:
            return "count", ast.Call(func=name("int"), args=[numpy_call("count_nonzero", test)], keywords=[]), None
        raise Refused("it sums what passes a test")
    kind, value, inner = outcome(body, lift)
    if kind == "append" and last.orelse and inner is None:
        other_kind, other, other_test = outcome(last.orelse[0], lift)
        if other_kind == "append" and other_test is None:
            return "append", numpy_call("where", test, value, other), None
    if kind != "store":
        raise Refused("its branches do different things")
    if last.orelse:
        other_kind, other, _ = outcome(last.orelse[0], lift)
        if other_kind != "store":
            raise Refused("its branches do different things")
    else:
        other = lift.operand(lift.written, lift.axes)
    return "store", numpy_call("where", test, value, other), None


def store(lift, value, before):
    """Into the array that is there, so that other names of it see it; a list that was made for it right before is an array afterwards."""
    array, axes = lift.written, lift.axes
    if lift.loops.elements and any(one.startswith("element ") for one in axes):
        raise Refused("it writes where it does not count")
    if len(axes) != len(lift.loops.variables) or set(axes) != set(lift.loops.variables):
        raise Refused("it writes each element more than once")
    if len(axes) == 1 and is_prefilled(before, array, lift.loops.stops[axes[0]]) and array not in lift.operands:
        needs_array(value, lift)
        return [ast.Assign(targets=[name(array, True)], value=value)]
    bounds = [lift.bound(array, axis, one) for axis, one in enumerate(axes)]
    for k, one in enumerate(axes):
        # Without a bound it goes as far as what it goes through.
        if lift.loops.stops[one] is None:
            source = [a for a, index in lift.loops.elements.values() if index == one]
            if not source:
                raise Refused("it is not told how far it goes")
            shortest = [ast.Call(func=name("len"), args=[name(each)], keywords=[]) for each in dict.fromkeys(source)]
            bounds[k] = None if source[0] == array else shortest[0] if len(shortest) == 1 else ast.Call(func=name("min"), args=shortest, keywords=[])
    whole = sliced(array, bounds)
    if isinstance(whole, ast.Name):
        whole = ast.Subscript(value=whole, slice=ast.Slice(), ctx=ast.Store())
    whole.ctx = ast.Store()
    return [ast.Assign(targets=[whole], value=value)]


def last_assignment(before, target):
    for one in reversed(before):
        if isinstance(one, ast.Assign) and len(one.targets) == 1 and is_name(one.targets[0], target):
            return one.value
        if target in {node.id for node in ast.walk(one) if isinstance(node, ast.Name)}:
            return None
    return None


def is_fresh_list(before, target):
    value = last_assignment(before, target)
    empty = isinstance(value, ast.List) and not value.elts
    return empty or (isinstance(value, ast.Call) and is_name(value.func, "list") and not value.args)


def is_prefilled(before, target, stop):
    """c = [0] * n in front of a loop up to n."""
    value = last_assignment(before, target)
    if stop is None or not (isinstance(value, ast.BinOp) and isinstance(value.op, ast.Mult)):
        return False
    sides = [value.left, value.right]
    lists = [one for one in sides if isinstance(one, ast.List) and len(one.elts) == 1 and isinstance(one.elts[0], (ast.Constant, ast.UnaryOp))]
    return len(lists) == 1 and any(ast.dump(one) == ast.dump(stop) for one in sides)


# Comprehensions.

def propose_comprehension(statement, numpy_names):
    value = statement.value
    wrapped = isinstance(value, ast.Call) and len(value.args) == 1 and not value.keywords and isinstance(value.args[0], (ast.ListComp, ast.GeneratorExp))
    comprehension = value.args[0] if wrapped else value
    is_sum = wrapped and is_name(value.func, "sum")
    is_array = (wrapped and isinstance(value.func, ast.Attribute) and value.func.attr in ("array", "asarray") and is_name(value.func.value)
                and value.func.value.id in numpy_names and isinstance(comprehension, ast.ListComp))
    if not isinstance(comprehension, (ast.ListComp, ast.GeneratorExp)) or not (is_sum or is_array or isinstance(value, ast.ListComp)):
        raise Refused("it is no loop that goes through elements")
    if len(comprehension.generators) != 1:
        raise Refused("it has several loops in one")
    generator = comprehension.generators[0]
    loops = Loops(numpy_names)
    loops.enter(generator.target, generator.iter)
    lift = Lift(loops, list(loops.variables))
    if isinstance(statement, ast.Assign):
        if len(statement.targets) != 1 or not is_name(statement.targets[0]):
            raise Refused("it keeps its result somewhere else than under a name")
        lift.written = None
    if is_sum:
        if generator.ifs:
            raise Refused("it sums what passes a test")
        whole, form, result = summed(comprehension.elt, lift), "sum", "number"
    else:
        whole = lift.lift(comprehension.elt)
        needs_array(whole, lift)
        form, result = "map", "fresh"
        if generator.ifs:
            if len(generator.ifs) > 1:
                raise Refused("it has several tests")
            whole = ast.Subscript(value=whole, slice=lift.lift_test(generator.ifs[0]), ctx=ast.Load())
            form = "filter"
    if not lift.operands:
        raise Refused("it reads no elements")
    if isinstance(statement, ast.Return):
        statements = [ast.Return(value=whole)]
        lift.written = None
    else:
        statements = [ast.Assign(targets=[name(statement.targets[0].id, True)], value=whole)]
        lift.written = statement.targets[0].id
    return made(statement, form, statements, lift, result)


# Where they stand.

class Place:
    def __init__(self, statement, before, function, scope):
        self.statement = statement
        self.before = before
        self.function = function  # None: the module
        self.scope = scope


def places(tree):
    """Loops and comprehensions of a module, outermost first: one that lies in another is found where that one is refused."""
    found = []

    def visit(body, function, scope):
        for k, statement in enumerate(body):
            if isinstance(statement, ast.For) or (isinstance(statement, (ast.Assign, ast.Return)) and has_comprehension(statement)):
                found.append(Place(statement, body[:k], function, scope))
            inner = (statement.name, statement) if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) else (function, scope)
            for field in ("body", "orelse", "finalbody"):
                visit(getattr(statement, field, None) or [], *inner)
            for handler in getattr(statement, "handlers", None) or []:
                visit(handler.body, *inner)

    visit(tree.body, None, tree)
    return found


def has_comprehension(statement):
    return statement.value is not None and any(isinstance(node, (ast.ListComp, ast.GeneratorExp)) for node in ast.iter_child_nodes(statement.value)) or \
        isinstance(getattr(statement, "value", None), ast.ListComp)


def check_names_after(place, written):
    """Raises Refused if the loop leaves a name other than its result `written` that is read later, because it would be missing."""
    statement = place.statement
    if not isinstance(statement, ast.For):
        return
    left = {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)} - {written}
    end = (statement.end_lineno, statement.end_col_offset)
    around = [node for node in ast.walk(place.scope) if isinstance(node, (ast.For, ast.While)) and node is not statement
              and node.lineno <= statement.lineno and node.end_lineno >= statement.end_lineno]
    first = {}
    for node in ast.walk(place.scope):
        if isinstance(node, ast.Name) and node.id in left:
            at = (node.lineno, node.col_offset)
            inside = statement.lineno <= node.lineno <= statement.end_lineno
            if inside or (at < end and not around):
                continue
            key = (node.id, at < end)
            # A comprehension reads its variable in front of where it is bound.
            if key not in first or at < first[key][0]:
                first[key] = (at, node)
    bound = {id(node) for comprehension in ast.walk(place.scope) if isinstance(comprehension, (ast.ListComp, ast.SetComp, ast.GeneratorExp, ast.DictComp))
             for node in ast.walk(comprehension) if isinstance(node, ast.Name)
             and node.id in {one.id for generator in comprehension.generators for one in ast.walk(generator.target) if isinstance(one, ast.Name)}}
    for (identifier, _), (_, node) in first.items():
        if isinstance(node.ctx, ast.Load) and id(node) not in bound:
            raise Refused("%s is used after the loop" % identifier)


def numpy_names(tree):
    """Names under which the module knows NumPy."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found.update(one.asname or one.name for one in node.names if one.name == "numpy")
    return found
