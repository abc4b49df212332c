"""Statements of a program that other statements may stand in for: arrays that grow in a loop (regrow.py), rows of a DataFrame that are gone through one by one
(frame_rows.py). Both are run on copies of the values that the program's statement saw; what they leave is compared to the bit, then they take turns.
"""
import ast
import builtins
import time
import warnings

import frame_rows
import regrow
from prove import agreement, prove, timed_in_turns
from same import Unknown, copied, is_plain, same, size_of
from vectorize import Place, Refused, check_names_after, is_name

MOST_REPEATS = 500


def statements_of(tree):
    """Statements of a module, outermost first: (Place, whether a `try` is around it)."""
    found = []

    def visit(body, function, scope, guarded):
        for k, statement in enumerate(body):
            if isinstance(statement, (ast.For, ast.While, ast.Assign, ast.Return)):
                found.append((Place(statement, body[:k], function, scope), guarded))
            inner = (statement.name, statement) if isinstance(statement, (ast.FunctionDef, ast.AsyncFunctionDef)) else (function, scope)
            within = guarded or isinstance(statement, ast.Try)
            for field in ("body", "orelse", "finalbody"):
                visit(getattr(statement, field, None) or [], *inner, within and inner[1] is scope)
            for handler in getattr(statement, "handlers", None) or []:
                visit(handler.body, *inner, within)

    visit(tree.body, None, tree, False)
    return found


class Rewrite:
    """A place with what may stand there: `others`, the best first."""

    def __init__(self, place, others, reads):
        self.place = place
        self.others = others
        self.reads = reads
        self.seen = []
        self.bytes = 0
        self.why = None

    def look(self, local, outer, most):
        """Keeps copies of what the statement is about to read."""
        most_seen, most_bytes = most
        if len(self.seen) >= most_seen or self.bytes > most_bytes or self.why is not None:
            return
        live = {one: local[one] if one in local else outer[one] for one in self.reads if one in local or one in outer}
        try:
            values = copied(live)
        except (Unknown, RecursionError) as error:
            self.why = str(error) or "its values cannot be copied"
            return
        self.bytes += sum(map(size_of, values.values()))
        self.seen.append(values)


def find(tree, lines, numpy_names):
    """(rewrites, refused) of places that matter; of those that lie in each other the outermost."""
    modules, taken_by_name = regrow.imported(tree), {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    functions = {node.name: node for node in tree.body if isinstance(node, ast.FunctionDef)}
    known = (numpy_names, next((one for one, module in modules.items() if module == "pandas"), None))
    found, refused, taken = [], [], []
    for place, guarded in statements_of(tree):
        statement = place.statement
        first, last = statement.lineno, statement.end_lineno
        if lines is not None and not any(first <= line <= last for line in lines) or any(a <= first and last <= b for a, b in taken):
            continue
        try:
            others = others_of(place, (modules, functions, known), set(taken_by_name))
            if others is None:
                continue
            if guarded:
                raise Refused("a try stands around it")
            found.append(Rewrite(place, others, sorted({node.id for node in ast.walk(statement) if isinstance(node, ast.Name)})))
            found[-1].reads += [name for name in names_of_functions(statement, functions) if name not in found[-1].reads]
            taken.append((first, last))
        except Refused as error:
            refused.append({"line": first, "endLine": last, "function": place.function, "reason": str(error)})
    return found, refused


def names_of_functions(statement, functions):
    """What functions read that the generated code has in place of a call of theirs."""
    called = [functions[node.id] for node in ast.walk(statement) if is_name(node) and node.id in functions]
    return sorted({node.id for one in called for node in ast.walk(one) if is_name(node) and isinstance(node.ctx, ast.Load)} - set(dir(builtins)))


def others_of(place, given, taken):
    """What may stand in place of a statement; None: nothing is known of its kind. Raises Refused."""
    modules, functions, (numpy_names, pandas) = given
    statement = place.statement
    if isinstance(statement, ast.For) and frame_rows.iterated(statement) is not None:
        _, row, _ = frame_rows.iterated(statement)
        check_not_read_outside(place, row)
        others = frame_rows.of_loop(statement, place.before, numpy_names, taken)
        return [one for one in others if is_complete(place, one)]
    if isinstance(statement, (ast.Assign, ast.Return)):
        if pandas is None or frame_rows.applied(statement) is None:
            return None
        return frame_rows.of_apply(statement, functions, (numpy_names, pandas), taken)
    if not isinstance(statement, (ast.For, ast.While)):
        return None
    others = regrow.regrown(place, modules, taken, numpy_names)
    if others is None:
        return None
    check_scope(place, set(others[-1].grown))
    return [one for one in others if is_complete(place, one)]


def is_complete(place, other):
    """Names that the loop leaves are not missed."""
    if not hasattr(other, "proposal"):
        return True
    try:
        check_names_after(place, other.target)
        return True
    except Refused:
        return False


def check_not_read_outside(place, row):
    """Raises Refused where the last row is used after its loop."""
    for node in ast.walk(place.scope):
        is_parameter = isinstance(node, (ast.Lambda, ast.FunctionDef)) and any(one.arg == row for one in ast.walk(node.args) if isinstance(one, ast.arg))
        if is_parameter or isinstance(node, ast.For) and any(is_name(one, row) for one in ast.walk(node.target)):
            for inner in ast.walk(node):
                inner.is_of_row = True
    for node in ast.walk(place.scope):
        if is_name(node, row) and isinstance(node.ctx, ast.Load) and not getattr(node, "is_of_row", False):
            raise Refused("the last row is used after the loop")


def check_scope(place, grown):
    """A function that the loop may call sees the array as it grows where it has it by its name. Raises Refused."""
    for function in ast.walk(place.scope):
        if not isinstance(function, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)) or function is place.scope:
            continue
        parts = list(ast.walk(function))
        shared = {name for one in parts if isinstance(one, (ast.Global, ast.Nonlocal)) for name in one.names}
        own = {one.arg for one in parts if isinstance(one, ast.arg)} | {one.id for one in parts if is_name(one) and isinstance(one.ctx, ast.Store)}
        read = {one.id for one in parts if is_name(one)} - (own - shared)
        if grown & read:
            raise Refused("%s is read by a function outside the loop" % min(grown & read))


# Both are run.

class Run:
    """Statements as a function of names: it gives what they hold afterwards."""

    def __init__(self, statements, given, outer):
        names, kept, is_module = given
        returns = isinstance(statements[-1], ast.Return)
        body = list(statements)
        if not returns:
            body = body + ast.parse("return locals()").body
        self.names, self.kept, self.returns, self.outer = list(names), set(kept), returns, outer
        self.is_module = is_module and not returns
        if self.is_module:
            self.code = compile(ast.fix_missing_locations(ast.Module(body=list(statements), type_ignores=[])), "<statement>", "exec")
            return
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg(arg=one) for one in self.names], kwonlyargs=[], kw_defaults=[], defaults=[])
        function = ast.FunctionDef(name="run__", args=arguments, body=body, decorator_list=[], type_params=[])
        space = dict(outer)
        exec(compile(ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[])), "<statement>", "exec"), space)
        self.function = space["run__"]

    def timed(self, values):
        """(ns, {name: value})"""
        if self.is_module:
            space = {**self.outer, **values}
            start = time.perf_counter_ns()
            exec(self.code, space)
            took = time.perf_counter_ns() - start
            return took, {one: space[one] for one in self.kept if one in space}
        start = time.perf_counter_ns()
        result = self.function(**values)
        took = time.perf_counter_ns() - start
        if self.returns:
            return took, {"return": result}
        return took, {one: value for one, value in result.items() if one in self.kept}


def described(rewrite, known, outer, budget_ms):
    """The best that is equal and what turns say of it. Raises Refused."""
    if rewrite.why is not None:
        raise Refused(rewrite.why)
    if not rewrite.seen:
        raise Refused("it did not run")
    reasons = []
    for other in rewrite.others:
        try:
            return tried(rewrite, other, (known, outer), budget_ms)
        except Refused as error:
            reasons.append(str(error))
        except Unknown as error:
            reasons.append(str(error))
    raise Refused(reasons[-1])


def tried(rewrite, other, given, budget_ms):
    known, outer = given
    statement = rewrite.place.statement
    kept = {node.id for node in ast.walk(statement) if is_name(node)}
    is_module = rewrite.place.function is None
    equal = "bits"
    runs = []
    for values in rewrite.seen:
        names = list(values)
        statements = other.statements(values)
        one = Run([statement], (names, kept, is_module), outer)
        two = Run(statements, (names, kept | set(other.helpers), is_module), outer)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            equal = max(equal, equal_on(other, (one, two), values))
        runs.append((one, two, values, statements))
    one, two, values, statements = max(runs, key=lambda run: sum(map(size_of, run[2].values())))
    pairs = take_turns(one, two, values, budget_ms)
    return {
        "line": statement.lineno,
        "endLine": statement.end_lineno,
        "function": rewrite.place.function,
        "form": "numpy" if hasattr(other, "proposal") else "python",
        "what": "rows" if hasattr(other, "rows") else "grown",
        "code": pasted(statements, known),
        "pairsMs": pairs,
        "conversionMs": None,
        "equal": equal,
        "elements": elements_of(values),
        "kinds": kinds_of(values),
        "calls": len(rewrite.seen),
    }


def equal_on(other, runs, values):
    """'bits' or 'rounding'. Raises Refused."""
    one, two = runs
    _, expected = one.timed(copied(values))
    try:
        _, given = two.timed(copied(values))
    except Exception as error:
        raise Refused("it raises %s where the program's own does not" % type(error).__name__)
    if hasattr(other, "proposal"):
        return equal_vectorized(other, expected, given, values)
    if isinstance(other, regrow.Listed) and not other.is_safe and not all(is_plain(part) for name in other.helpers for part in given.get(name, ())):
        raise Refused("what it grows by may be written again")
    rows = {other.rows.row} if isinstance(other, frame_rows.OverArray) else set()
    for name, value in expected.items():
        if name not in rows and (name not in given or not same(value, given[name])):
            raise Refused("%s comes out otherwise" % name)
    return "bits"


def equal_vectorized(other, expected, given, values):
    """As prove.py has it for the loop over elements of the columns, and on what the rows gave."""
    from prove import Seen

    proposal = other.proposal
    inner = {**values, **other.elements(values)}
    found = prove(proposal, [Seen(inner, False)], {"np"})
    if other.target is not None and isinstance(expected.get(other.target), list):
        return max(found, agreement(expected[other.target], given.get(other.target), proposal, inner))
    left = {other.target: expected[other.target]} if other.target in expected else expected
    for name, value in left.items():
        if name in given and not same(value, given[name]) and found == "rounding":
            agreement(value, given[name], proposal, inner)
        elif name not in given or not same(value, given[name]):
            raise Refused("%s comes out otherwise" % name)
    return found


def take_turns(one, two, values, budget_ms):
    """Pairs of (before, after), ms. Each run is given copies, which making is not timed."""
    def reading(run):
        def ms(repeats, most_ms):
            total = 0
            for done in range(1, repeats + 1):
                total += run.timed(copied(values))[0]
                if total > most_ms * 1e6:
                    break
            return total / 1e6 / done

        return ms

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return timed_in_turns(reading(one), reading(two), budget_ms, MOST_REPEATS)


def pasted(statements, known):
    alias = "np" if "np" in known or not known else sorted(known)[0]
    text = "\n".join(ast.unparse(ast.fix_missing_locations(one)) for one in statements)
    if alias != "np":
        tree = ast.parse(text)
        for node in ast.walk(tree):
            if is_name(node, "np"):
                node.id = alias
        text = ast.unparse(tree)
    return text.split("\n")


def elements_of(values):
    return max([len(one) for one in values.values() if hasattr(one, "__len__") and not isinstance(one, (str, bytes))] or [0])


def kinds_of(values):
    """Kind of the largest value."""
    held = [one for one in values.values() if hasattr(one, "__len__") and not isinstance(one, (str, bytes))]
    largest = max(held, key=len, default=None)
    if largest is None:
        return []
    return ["a DataFrame"] if hasattr(largest, "columns") else [str(largest.dtype)] if hasattr(largest, "dtype") else [type(largest).__name__]
