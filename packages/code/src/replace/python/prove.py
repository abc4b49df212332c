"""Whether a proposal does what the loop does, and how much faster: both are run in this interpreter, on copies of the values that the loop saw, and on
arrays of the same types that are made to tell them apart. What is not equal there, or raises where the loop does not, is refused.

Equal are results with the same bits, NaN and NaN whatever its bits; 'rounding' is a sum in another order, within the bound that the terms give, or a
function within four steps of the last digit.
"""
import ast
import copy
import math
import time
import warnings

from vectorize import Refused
from whyslow_collector.clock import pairs_in_turns

#: Steps of the last digit within which a function of NumPy over an array and over a single number may differ.
ROUNDING_STEPS = 4


class Seen:
    """The values of a place, copied before it ran."""

    def __init__(self, values, module_level, shared=None):
        self.values = values
        self.module_level = module_level
        self.shared = shared  # a name whose memory overlaps with what is written; copies do not tell


def live(names, local, outer):
    """What a loop reads, as it is."""
    found = {}
    for identifier in names:
        if identifier in local:
            found[identifier] = local[identifier]
        elif identifier in outer:
            found[identifier] = outer[identifier]
    return found


def shared(values, proposal):
    """The name of an operand that overlaps with what is written without being it: there an element depends on others."""
    import numpy as np

    target = values.get(proposal.written)
    if proposal.result != "store" or not isinstance(target, np.ndarray):
        return None
    for identifier in proposal.operands:
        value = values.get(identifier)
        if value is not target and isinstance(value, np.ndarray) and np.may_share_memory(value, target):
            return identifier
    return None


def copies(values):
    """One copy of each object, so that two names of one stay so."""
    import numpy as np

    made = {}
    for identifier, value in values.items():
        if id(value) in made:
            continue
        if isinstance(value, np.ndarray):
            made[id(value)] = copied(value)
        elif isinstance(value, list):
            made[id(value)] = [one.copy() if isinstance(one, np.ndarray) else one for one in value]
        else:
            made[id(value)] = value
    return {identifier: made[id(value)] for identifier, value in values.items()}


def copied(array):
    """Copies the array with its layout: steps between elements are part of what a loop costs."""
    import numpy as np

    if array.flags.c_contiguous or array.ndim == 0 or array.size == 0:
        return array.copy()
    if array.ndim == 1 and array.strides[0] > 0 and array.strides[0] % array.itemsize == 0:
        step = array.strides[0] // array.itemsize
        base = np.empty(array.size * step, array.dtype)
        base[::step] = array
        return base[::step]
    return array.copy(order="K")


def check_kinds(proposal, values):
    """The kinds of values that a proposal is made for. Raises Refused."""
    import numpy as np

    for identifier, dimensions in proposal.operands.items():
        value = values.get(identifier)
        if type(value) is np.ndarray:
            if value.ndim != dimensions:
                raise Refused("%s has %d axes, and its elements are picked by %d" % (identifier, value.ndim, dimensions))
            if value.dtype.kind not in "fiub":
                raise Refused("%s holds elements of type %s" % (identifier, value.dtype))
        elif type(value) in (list, tuple) and dimensions == 1:
            kinds = {type(one) for one in value}
            if len(kinds) != 1 or not kinds <= {float, int}:
                raise Refused("%s is a list of %s" % (identifier, " and ".join(sorted(one.__name__ for one in kinds)) or "nothing"))
        else:
            raise Refused("%s is %s" % (identifier, type(value).__name__))
    for identifier in proposal.scalars:
        value = values.get(identifier)
        if not isinstance(value, (int, float, np.number, np.bool_)):
            raise Refused("%s is %s, which is not a number" % (identifier, type(value).__name__))
    target = values.get(proposal.written)
    if proposal.result == "store":
        if type(target) is not np.ndarray and type(target) is not list:
            raise Refused("%s is %s" % (proposal.written, type(target).__name__))
    if proposal.result == "fresh" and proposal.written in proposal.operands:
        raise Refused("it reads what it writes")
    if proposal.result == "number" and not isinstance(target, (int, float, np.number)) and not is_return(proposal) and isinstance(proposal.original[0], ast.For):
        raise Refused("%s is not a number when the loop begins" % proposal.written)


def is_return(proposal):
    return isinstance(proposal.statements[-1], ast.Return)


class Runner:
    """Statements as a function of the values, timed or not: in a function where they stand in one, at the module's level where they stand there."""

    def __init__(self, statements, names, written, module_level, numpy_names):
        import numpy as np

        self.names = list(names)
        self.written = written
        self.module_level = module_level
        self.space = {"np": np, "__builtins__": __builtins__}
        self.space.update({one: np for one in numpy_names})
        statements = copy.deepcopy(statements)
        if module_level:
            self.code = compile(ast.fix_missing_locations(ast.Module(body=statements, type_ignores=[])), "<loop>", "exec")
            return
        returned = [] if isinstance(statements[-1], ast.Return) else [ast.Return(value=ast.Name(id=written, ctx=ast.Load()))]
        arguments = ast.arguments(posonlyargs=[], args=[ast.arg(arg=one) for one in self.names], kwonlyargs=[], kw_defaults=[], defaults=[])
        function = ast.FunctionDef(name="run", args=arguments, body=statements + returned, decorator_list=[], type_params=[])
        space = dict(self.space)
        exec(compile(ast.fix_missing_locations(ast.Module(body=[function], type_ignores=[])), "<loop>", "exec"), space)
        self.function = space["run"]

    def run(self, values):
        """(ns, result)"""
        if self.module_level:
            space = dict(self.space)
            space.update({one: values[one] for one in self.names if one in values})
            start = time.perf_counter_ns()
            exec(self.code, space)
            return time.perf_counter_ns() - start, space.get(self.written)
        arguments = [values.get(one) for one in self.names]
        start = time.perf_counter_ns()
        result = self.function(*arguments)
        return time.perf_counter_ns() - start, result


class Beside:
    """The original and the proposal, ready to be run on the same values."""

    def __init__(self, proposal, module_level, numpy_names):
        self.proposal = proposal
        self.module_level = module_level
        stops = [node.id for stop in proposal.stops if stop is not None for node in ast.walk(stop) if isinstance(node, ast.Name)]
        known = dict.fromkeys([*proposal.operands, *proposal.scalars, *([proposal.written] if proposal.written else []), *stops])
        self.names = [one for one in known if one not in ("len", "max", "min", "np") and one not in numpy_names]
        self.numpy_names = numpy_names
        self.before = Runner(proposal.original, self.names, proposal.written, module_level, numpy_names)
        self.after = Runner(proposal.statements, self.names, proposal.written, module_level, numpy_names)

    def prepared(self, values):
        """For the original; for the proposal lists are arrays, as they would be from the start."""
        made = copies({one: values[one] for one in self.names if one in values})
        if self.proposal.result == "fresh" and isinstance(self.proposal.original[0], ast.For):
            target = made.get(self.proposal.written)
            made[self.proposal.written] = list(target) if isinstance(target, list) else []
        return made

    def converted(self, values):
        import numpy as np

        made = self.prepared(values)
        for identifier in self.proposal.operands:
            value = made[identifier]
            if isinstance(value, (list, tuple)) and not (identifier == self.proposal.written and self.proposal.result == "store"):
                made[identifier] = as_array(value)
        return made

    def compare(self, values, both_raise=False):
        """'bits' or 'rounding'. Raises Refused where results differ. `both_raise`: where the loop raises, so may what stands in its place."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                _, expected = self.before.run(self.prepared(values))
            except Exception as error:
                if both_raise and self.raises(values):
                    return "bits"
                raise Refused("the loop raises %s on values that arrays take" % type(error).__name__)
            try:
                _, given = self.after.run(self.converted(values))
            except Exception as error:
                raise Refused("NumPy raises %s where the loop does not" % type(error).__name__)
        return agreement(expected, given, self.proposal, values)

    def raises(self, values):
        try:
            self.after.run(self.converted(values))
        except Exception:
            return True
        return False


def as_array(value):
    import numpy as np

    if all(type(one) is float for one in value):
        return np.array(value, dtype=np.float64)
    if all(type(one) is int for one in value) and all(-(2 ** 63) <= one < 2 ** 63 for one in value):
        return np.array(value, dtype=np.int64)
    return np.array(value)


def agreement(expected, given, proposal, values):
    """'bits' or 'rounding'. Raises Refused."""
    import numpy as np

    if proposal.result == "number":
        return agreement_of_numbers(expected, given, proposal, values)
    left, right = np.asarray(expected), np.asarray(given)
    if left.shape != right.shape and not (left.size == 0 and right.size == 0):
        raise Refused("the results have other shapes")
    if left.size == 0:
        return "bits"
    if left.dtype == object:
        raise Refused("Python's integers have no end, and NumPy's do")
    if left.dtype != right.dtype:
        raise Refused("the results have other types (%s and %s)" % (left.dtype, right.dtype))
    if left.dtype.kind != "f":
        if np.array_equal(left, right):
            return "bits"
        raise Refused("integers overflow, or are rounded, another way")
    return agreement_of_floats(left, right)


def agreement_of_floats(left, right):
    import numpy as np

    if not np.array_equal(np.isnan(left), np.isnan(right)):
        raise Refused("NaN stands at other places")
    sound = ~np.isnan(left)
    a, b = np.ascontiguousarray(left[sound]), np.ascontiguousarray(right[sound])
    whole = {2: np.int16, 4: np.int32, 8: np.int64}.get(left.dtype.itemsize)
    if whole is None:
        raise Refused("elements of type %s are not compared" % left.dtype)
    if np.array_equal(a.view(whole), b.view(whole)):
        return "bits"
    # Distance in steps of the last digit; zeros of two signs are a step apart in meaning, and are not let pass.
    if not np.array_equal(np.signbit(a), np.signbit(b)) or not np.array_equal(np.isinf(a), np.isinf(b)):
        raise Refused("the results differ")
    steps = np.abs(a.view(whole).astype(np.float64) - b.view(whole).astype(np.float64))
    if steps.max() <= ROUNDING_STEPS:
        return "rounding"
    raise Refused("the results differ by more than rounding")


def agreement_of_numbers(expected, given, proposal, values):
    import numpy as np

    if isinstance(expected, (int, np.integer)) and not isinstance(expected, bool):
        if expected == given and all(len(values[one]) == 0 for one in proposal.operands):
            return "bits"  # 0 and 0.0: nothing was added
        if int(expected) == int(given) and isinstance(given, (int, np.integer)):
            return "bits"
        raise Refused("integers overflow, or are rounded, another way")
    left, right = np.asarray(expected), np.asarray(given)
    if right.dtype != left.dtype:
        raise Refused("the sums have other types (%s and %s)" % (left.dtype, right.dtype))
    if left == right or (np.isnan(left) and np.isnan(right)):
        return "bits" if left.tobytes() == right.tobytes() else "rounding"
    if not (np.isfinite(left) and np.isfinite(right)):
        raise Refused("a sum in another order overflows elsewhere")
    # |error| of either order: terms × half a step of the last digit × the sum of what is added (Higham, Accuracy and Stability, 4.2).
    size, total = magnitude(proposal, values)
    if abs(float(left) - float(right)) <= 2 * size * float(np.finfo(left.dtype).eps) * (total + abs(float(left))):
        return "rounding"
    raise Refused("the sums differ by more than rounding")


def magnitude(proposal, values):
    """How many terms, and the sum of their magnitudes, from above."""
    import numpy as np

    arrays = [np.asarray(values[one], dtype=np.float64) for one in proposal.operands]
    size = max((array.size for array in arrays), default=1)
    terms = np.ones(1)
    with np.errstate(all="ignore"):
        for array in arrays:
            terms = terms * np.maximum(np.abs(array[: min(len(one) for one in arrays)]), 1e-300)
        total = float(np.sum(np.maximum(terms, sum(np.abs(array[: len(terms)]).max(initial=0) for array in arrays))))
    return max(size, 1), total


# Arrays that tell two programs apart.

SPECIAL = (0.0, -0.0, 1.0, -1.0, math.nan, math.inf, -math.inf, 5e-324, -5e-324, 2.2250738585072014e-308, 1.7976931348623157e308, -1.7976931348623157e308,
           1e-5, 0.1, 1 / 3, 65504.0, 6e-8, 1e38, 3.0, 255.0, -2.5, 2.0 ** 53 + 2, 1e-310)


def adversarial(dtype, length, turn):
    """Specials in an order that differs from operand to operand, so that they meet each other."""
    import numpy as np

    kind = np.dtype(dtype)
    if kind.kind == "f":
        with np.errstate(all="ignore"):
            base = np.array(SPECIAL).astype(kind)
    elif kind.kind == "b":
        base = np.array([True, False, True])
    else:
        info = np.iinfo(kind)
        base = np.array([0, 1, info.max, info.min, info.max - 1, info.min + 1, 2, 3, 7, info.max // 2, info.max // 3 * 2], dtype=kind)
    order = (np.arange(length) * (2 * turn + 1) + 5 * turn) % len(base)
    return base[order]


LENGTHS = (0, 1, 2, 7, len(SPECIAL) * 11)


def attacks(proposal, values):
    """Values of the same kinds for every length; of each layout that arrays may have."""
    import numpy as np

    for length in LENGTHS:
        for strided in (False, True):
            yield attack(proposal, values, length, strided)
    # Loops over pairs end with the shorter one.
    if all(stop is None for stop in proposal.stops) and len(proposal.operands) > 1 and set(proposal.operands.values()) == {1}:
        for cut in (1, 2):
            made = attack(proposal, values, 5, False)
            first = next(iter(proposal.operands))
            made[first] = made[first][:cut]
            yield made
    if "f" not in {np.asarray(values[one]).dtype.kind for one in proposal.operands}:
        return
    yield plain_numbers(proposal, values, 1000)


def plain_numbers(proposal, values, length):
    """Numbers among which only rounding differs."""
    import numpy as np

    made = attack(proposal, values, length, False)
    source = np.random.default_rng(1)
    for identifier in proposal.operands:
        dtype = np.asarray(values[identifier]).dtype
        if dtype.kind == "f":
            plain = source.standard_normal(np.shape(made[identifier])).astype(dtype)
            made[identifier] = plain.tolist() if isinstance(values[identifier], list) else plain
    return made


def attack(proposal, values, length, strided):
    import numpy as np

    made = dict(values)
    sizes = {}
    for turn, (identifier, dimensions) in enumerate(proposal.operands.items()):
        value = values[identifier]
        shape = (length,) if dimensions == 1 else (3,) * dimensions if length else (0,) * dimensions
        dtype = np.asarray(value).dtype
        if isinstance(value, (list, tuple)):
            made[identifier] = type(value)(adversarial(dtype, length, turn).tolist())
            continue
        count = int(np.prod(shape))
        flat = adversarial(dtype, count, turn)
        if strided and dimensions == 1:
            base = np.zeros(count * 2, dtype)
            base[::2] = flat
            made[identifier] = base[::2]
        else:
            made[identifier] = np.asfortranarray(flat.reshape(shape)) if strided else flat.reshape(shape)
        sizes[dimensions] = shape
    target = values.get(proposal.written)
    if proposal.result == "store" and proposal.written not in proposal.operands:
        if isinstance(target, np.ndarray):
            shape = (length,) if target.ndim == 1 else (3,) * target.ndim if length else (0,) * target.ndim
            made[proposal.written] = np.zeros(shape, target.dtype)
        else:
            made[proposal.written] = [0] * length
    if proposal.result == "fresh" and isinstance(target, list) and len(target) > 0 and isinstance(proposal.original[0], ast.For):
        made[proposal.written] = [0] * length
    for value in values:
        for identifier in proposal.operands:
            if values[value] is values[identifier] and value != identifier:
                made[value] = made[identifier]
    return made


def attacked(proposal, numpy_names):
    """The proposal with bounds that are written as numbers, or names, replaced by a name that attacks can set."""
    names = []
    swap = {}
    for k, stop in enumerate(proposal.stops):
        if isinstance(stop, (ast.Constant, ast.Name)):
            swap[ast.dump(stop)] = "stop__%d" % k
            names.append(("stop__%d" % k, k))

    class Swap(ast.NodeTransformer):
        def visit_Call(self, node):
            self.generic_visit(node)
            if isinstance(node.func, ast.Name) and node.func.id == "range" and node.args and ast.dump(node.args[-1]) in swap:
                node.args[-1] = ast.Name(id=swap[ast.dump(node.args[-1])], ctx=ast.Load())
            return node

        def visit_Slice(self, node):
            self.generic_visit(node)
            upper = node.upper
            if isinstance(upper, ast.Call) and isinstance(upper.func, ast.Name) and upper.func.id == "max" and ast.dump(upper.args[0]) in swap:
                upper.args[0] = ast.Name(id=swap[ast.dump(upper.args[0])], ctx=ast.Load())
            elif upper is not None and ast.dump(upper) in swap:
                node.upper = ast.Name(id=swap[ast.dump(upper)], ctx=ast.Load())
            return node

    changed = copy.deepcopy(proposal)
    changed.original = [Swap().visit(one) for one in changed.original]
    changed.statements = [Swap().visit(one) for one in changed.statements]
    changed.stops = [ast.Name(id=swap[ast.dump(stop)], ctx=ast.Load()) if stop is not None and ast.dump(stop) in swap else stop for stop in changed.stops]
    return changed, names


def prove(proposal, seen, numpy_names):
    """'bits' or 'rounding', on what was seen and on attacks. Raises Refused."""
    found = "bits"
    for one in seen:
        if one.shared is not None:
            raise Refused("%s and %s lie in the same memory" % (one.shared, proposal.written))
        check_kinds(proposal, one.values)
        beside = Beside(proposal, one.module_level, numpy_names)
        if beside.compare(one.values) == "rounding":
            found = "rounding"
    changed, stops = attacked(proposal, numpy_names)
    beside = Beside(changed, False, numpy_names)
    for values in attacks(proposal, seen[0].values):
        for identifier, k in stops:
            values[identifier] = bound_of(proposal, values, k)
        if beside.compare(values) == "rounding":
            found = "rounding"
    for values in other_scalars(proposal, seen[0].values):
        for identifier, k in stops:
            values[identifier] = bound_of(proposal, values, k)
        if beside.compare(values, both_raise=True) == "rounding":
            found = "rounding"
    return found


#: What a number that no loop counts by may be another day.
WHOLE = (0, 1, -1, 2, 3, 7, 255)
BROKEN = (0.0, -0.0, 1.0, -1.0, 0.5, 2.0, 3.0, -2.5, 1e-310, 1e300, math.inf, -math.inf, math.nan)


def other_scalars(proposal, values):
    """The operands of one attack with each scalar as it may be, too: what it is in this run proves nothing of the next."""
    import numpy as np

    counted = {node.id for stop in proposal.stops if stop is not None for node in ast.walk(stop) if isinstance(node, ast.Name)}
    for identifier in proposal.scalars:
        value = values.get(identifier)
        if identifier in counted or isinstance(value, (bool, np.bool_)):
            continue
        whole = isinstance(value, (int, np.integer))
        for other in WHOLE if whole else BROKEN:
            kind = type(value) if isinstance(value, np.generic) else int if whole else float
            if isinstance(value, np.unsignedinteger) and other < 0 or isinstance(value, np.int8) and other > 127:
                continue
            with np.errstate(all="ignore"):
                scalar = {identifier: kind(other)}
            yield {**attack(proposal, values, len(SPECIAL) * 2, False), **scalar}
            yield {**plain_numbers(proposal, values, 200), **scalar}


def bound_of(proposal, values, k):
    """As far as the shortest array goes along the axis that the loop counts."""
    import numpy as np

    sizes = []
    for identifier, dimensions in proposal.operands.items():
        shape = np.shape(values[identifier])
        sizes.append(shape[0] if dimensions == 1 else min(shape))
    return min(sizes)


# Time.

#: One reading is about so long, so that the clock's steps and a collection of garbage weigh little.
READING_MS = 20
MOST_REPEATS = 2000


class Timed:
    """One side on values that are made once: what it writes is made anew only where a run would change the next one."""

    def __init__(self, runner, values, proposal):
        self.runner = runner
        self.values = values
        self.proposal = proposal
        self.appends = proposal.result == "fresh" and isinstance(proposal.original[0], ast.For)
        self.updates = proposal.result == "store" and proposal.written in proposal.operands

    def ms(self, repeats, most_ms):
        total = 0
        for done in range(1, repeats + 1):
            given = dict(self.values)
            target = given.get(self.proposal.written)
            if self.updates:
                given[self.proposal.written] = copied(target) if hasattr(target, "copy") and not isinstance(target, list) else list(target)
            elif self.appends and isinstance(target, list):
                given[self.proposal.written] = list(target)
            total += self.runner.run(given)[0]
            if total > most_ms * 1e6:
                break
        return total / 1e6 / done


def made_in_ms(value):
    import numpy as np

    start = time.perf_counter_ns()
    np.asarray(value)
    return (time.perf_counter_ns() - start) / 1e6


def take_turns(proposal, seen, numpy_names, budget_ms):
    """Pairs of (before, after) in ms; what making arrays of lists takes, once."""
    beside = Beside(proposal, seen.module_level, numpy_names)
    before = Timed(beside.before, beside.prepared(seen.values), proposal)
    converted = beside.converted(seen.values)
    conversion = sum(made_in_ms(seen.values[one]) for one in proposal.operands if isinstance(seen.values[one], (list, tuple)))
    after = Timed(beside.after, converted, proposal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return timed_in_turns(before.ms, after.ms, budget_ms), conversion


def timed_in_turns(before, after, budget_ms, most_repeats=MOST_REPEATS):
    """Pairs of (before, after) in ms. Each is called with how often to run and after how many ms to end, and gives the ms of one run."""
    sides = [before, after]
    after(1, 0)
    once = [side(1, 0) for side in sides]
    repeats = [max(1, min(most_repeats, int(READING_MS / max(ms, 1e-3)))) for ms in once]
    most = 9 if 9 * sum(max(READING_MS, ms) for ms in once) < budget_ms else 5
    return pairs_in_turns(most, lambda side: sides[side](repeats[side], 3000))
