"""Lines that turn an image's bytes into numbers step by step (NumPy after OpenCV or Pillow, or PyTorch: a cast, a division, mean and deviation, another layout), in one
pass: in turns, on the image that the user's code had. Such steps are one factor and one addend for each channel, whatever they are called. Both come from the lines
themselves, run on an image of one black pixel and one of one white pixel; what is left of the lines without arithmetic is the layout."""

import ast
import sys

from .alternatives import compare
from .clock import in_turns
from .module_file import read_source
from .places import shown

_BUDGET_MS = 700
_LEAST_PIXELS = 4096
_ARITHMETIC = (ast.Add, ast.Sub, ast.Mult, ast.Div)
#: Functions of NumPy by what they do to their first argument.
_NUMPY = {"divide": "number", "subtract": "number", "multiply": "number", "add": "number", "true_divide": "number", "float32": "number"}
_LAYOUTS = {"transpose", "moveaxis", "expand_dims", "swapaxes", "rollaxis", "permute", "unsqueeze"}
_REVERSED = {"COLOR_BGR2RGB", "COLOR_RGB2BGR"}
_NUMBERS = {"astype", "float", "div", "sub", "mul", "add", "to", "div_", "sub_", "mul_", "add_", "contiguous"}


class Chain:
    """What an expression makes of a name: `view`, the same without arithmetic; how many steps do arithmetic; statements that it takes."""

    def __init__(self, source, view, steps=0, statements=(), is_torch=False):
        self.source = source
        self.view = view
        self.steps = steps
        self.statements = tuple(statements)
        self.is_torch = is_torch

    def grown(self, view=None, steps=0, is_torch=False):
        return Chain(self.source, view if view is not None else self.view, self.steps + steps, self.statements, self.is_torch or is_torch)


class Place:
    """A chain in a file of the user's, and what was seen of it."""

    def __init__(self, file, function, chain, target):
        self.file = file
        self.function = function
        self.chain = chain
        #: The name that it gives a value; None: it is returned.
        self.target = target
        self.line, self.end_line = chain.statements[0].lineno, chain.statements[-1].end_lineno
        self.calls = 0
        self.seen = None


def places_in(path):
    try:
        tree = ast.parse(read_source(path), path)
    except (OSError, SyntaxError, ValueError):
        return []
    return [place for one in ast.walk(tree) if isinstance(one, (ast.FunctionDef, ast.AsyncFunctionDef)) for place in _places_of(path, one)]


def _places_of(path, function):
    found, known = [], {}
    for statement in function.body:
        target, value = _given(statement)
        if value is None and not isinstance(statement, ast.AugAssign):
            for name in {node.id for node in ast.walk(statement) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}:
                known.pop(name, None)
            continue
        if isinstance(statement, ast.AugAssign):
            chain = known.get(target)
            if chain is not None and isinstance(statement.op, _ARITHMETIC) and not _reads(statement.value, chain):
                known[target] = Chain(chain.source, chain.view, chain.steps + 1, [*chain.statements, statement], chain.is_torch)
            continue
        chain = _chain(value, known)
        if chain is None or not chain.steps and isinstance(value, ast.Name):
            if target in known:
                # Its lines end here; what comes of it does not matter to them.
                found.append((known.pop(target), target))
            continue
        whole = Chain(chain.source, chain.view, chain.steps, [*chain.statements, statement], chain.is_torch)
        if target is None:
            found.append((whole, None))
        else:
            known[target] = whole
    found.extend((chain, target) for target, chain in known.items())
    ends = [(chain, target) for chain, target in found if not any(other is not chain and set(chain.statements) < set(other.statements) for other, _ in found)]
    return [Place(path, function.name, chain, target) for chain, target in ends if chain.steps >= 2]


def _given(statement):
    """(name, value) of an assignment; (None, value) of a return; (name, None) of one in place."""
    if isinstance(statement, ast.Assign) and len(statement.targets) == 1 and isinstance(statement.targets[0], ast.Name):
        return statement.targets[0].id, statement.value
    if isinstance(statement, ast.AugAssign) and isinstance(statement.target, ast.Name):
        return statement.target.id, None
    if isinstance(statement, ast.Return) and statement.value is not None:
        return None, statement.value
    return None, None


def _reads(node, chain):
    return any(isinstance(one, ast.Name) and one.id == chain.source for one in ast.walk(node))


def _chain(node, known):
    if isinstance(node, ast.Name):
        return known.get(node.id) or Chain(node.id, ast.Name(node.id, ast.Load()))
    if isinstance(node, ast.BinOp) and isinstance(node.op, _ARITHMETIC):
        left, right = _started(node.left, known), _started(node.right, known)
        if left is not None and not _holds(node.right, left, known):
            return left.grown(steps=1)
        if right is not None and not isinstance(node.op, ast.Div) and not _holds(node.left, right, known):
            return right.grown(steps=1)
        return None
    if isinstance(node, ast.Subscript):
        chain = _chain(node.value, known)
        return chain.grown(ast.Subscript(chain.view, node.slice, ast.Load())) if chain is not None and _is_layout(node.slice) else None
    return _chain_of_call(node, known) if isinstance(node, ast.Call) else None


def _started(node, known):
    """Of a sum's side: one that is a chain already, or an expression that begins one."""
    chain = _chain(node, known)
    return chain if chain is not None and (chain.steps or not isinstance(node, ast.Name) or node.id in known) else None


def _holds(node, chain, known):
    names = {one.id for one in ast.walk(node) if isinstance(one, ast.Name)}
    return chain.source in names or any(known[name].source == chain.source for name in names & set(known))


def _is_layout(index):
    parts = index.elts if isinstance(index, ast.Tuple) else [index]
    return all(_is_whole(part) for part in parts)


def _is_whole(part):
    """`None`, `...`, `:`, `::-1`, `np.newaxis`."""
    if isinstance(part, ast.Slice):
        step = part.step
        is_back = isinstance(step, ast.UnaryOp) and isinstance(step.op, ast.USub) and isinstance(step.operand, ast.Constant) and step.operand.value == 1
        return part.lower is None and part.upper is None and (step is None or is_back)
    return isinstance(part, ast.Constant) and part.value in (None, ...) or isinstance(part, ast.Attribute) and part.attr == "newaxis"


def _chain_of_call(node, known):
    function = node.func
    if not isinstance(function, ast.Attribute):
        return None
    owner = function.value.id if isinstance(function.value, ast.Name) else None
    name = function.attr
    if owner in ("np", "numpy", "cv2", "torch"):
        return _chain_of_function(node, owner, name, known)
    chain = _chain(function.value, known)
    if chain is None:
        return None
    if name in _NUMBERS and not any(_holds(one, chain, known) for one in node.args):
        return chain.grown(steps=0 if name == "contiguous" else 1)
    if name in _LAYOUTS:
        return chain.grown(_layout(chain.view, name, node.args))
    return None


def _chain_of_function(node, owner, name, known):
    chain = _chain(node.args[0], known) if node.args else None
    if chain is None:
        return None
    others = [*node.args[1:], *(word.value for word in node.keywords)]
    if owner == "cv2":
        is_reversed = name == "cvtColor" and len(node.args) == 2 and getattr(node.args[1], "attr", None) in _REVERSED
        return _reversed(chain) if is_reversed else None
    if name in ("array", "asarray"):
        made = ast.Call(ast.Attribute(ast.Name("np", ast.Load()), "asarray", ast.Load()), [chain.view], [])
        return chain.grown(made, 1 if others else 0)
    if name in ("ascontiguousarray",):
        return chain
    if owner == "torch" and name in ("from_numpy", "tensor", "as_tensor"):
        return chain.grown(steps=1 if others else 0, is_torch=True)
    if name in _NUMPY and not any(_holds(one, chain, known) for one in others):
        return chain.grown(steps=1)
    return chain.grown(_layout(chain.view, name, node.args[1:], node.keywords)) if name in _LAYOUTS else None


def _reversed(chain):
    return chain.grown(ast.Subscript(chain.view, ast.parse("_[..., ::-1]", mode="eval").body.slice, ast.Load()))


def _layout(view, name, args, words=()):
    """The same by NumPy: PyTorch's permute and unsqueeze too."""
    known = {"permute": "transpose", "unsqueeze": "expand_dims"}.get(name, name)
    axes = [ast.Tuple(list(args), ast.Load())] if known == "transpose" and len(args) > 1 else list(args)
    return ast.Call(ast.Attribute(ast.Name("np", ast.Load()), known, ast.Load()), [view, *axes], list(words))


# What was seen -------------------------------------------------------------------------------------------------------------------------------


def look(places, predict):
    """Makes a prediction while the lines in front of which a chain begins are watched."""
    by_line = {(one.file, one.function, one.line): one for one in places}
    functions = {(one.file, one.function) for one in places}

    def on_line(frame, event, _):
        if event == "line":
            place = by_line.get((frame.f_code.co_filename, frame.f_code.co_name, frame.f_lineno))
            if place is not None:
                place.calls += 1
                if place.seen is None:
                    place.seen = ({**frame.f_globals, **frame.f_locals},)
        return on_line

    def on_call(frame, event, _):
        return on_line if (frame.f_code.co_filename, frame.f_code.co_name) in functions else None

    before = sys.gettrace()
    sys.settrace(on_call)
    try:
        predict()
    finally:
        sys.settrace(before)


def instead_of_pixels(paths, predict):
    """Rows of alternatives, each with the lines to paste."""
    places = [place for path in paths for place in places_in(path)]
    if not places or "numpy" not in sys.modules:
        return []
    try:
        look(places, predict)
    except BaseException:
        return []
    found = []
    for place in places:
        try:
            row = _tried(place) if place.seen is not None else None
        except Exception:
            continue  # Its lines do something else, too.
        if row is not None:
            found.append({"file": shown(place.file), "line": place.line, "endLine": place.end_line, "function": place.function, "rule": "image-transforms", **row, "callsPerPrediction": place.calls})
    return found


def _tried(place):
    import numpy

    names = {**place.seen[0], "np": numpy}
    chain = place.chain
    pixels = numpy.asarray(names[chain.source])
    channels = pixels.shape[-1] if pixels.ndim == 3 else None
    if pixels.dtype != numpy.uint8 or pixels.ndim not in (2, 3) or pixels.size < _LEAST_PIXELS or channels is not None and channels > 4:
        return None
    run = _function(place, names)
    one = (1, 1) if channels is None else (1, 1, channels)
    given = names[chain.source]
    plain = lambda value: value.numpy() if chain.is_torch else value  # noqa: E731
    bias = plain(run(_as_given(given, numpy.zeros(one, numpy.uint8))))
    scale = (plain(run(_as_given(given, numpy.full(one, 255, numpy.uint8)))) - bias) / 255
    view = eval(compile(ast.fix_missing_locations(ast.Expression(chain.view)), "<view>", "eval"), names)
    bias, scale = numpy.ascontiguousarray(bias), numpy.ascontiguousarray(scale, bias.dtype)
    torch = sys.modules.get("torch")

    def fused():
        planes = numpy.empty(view.shape, bias.dtype)
        numpy.multiply(view, scale, out=planes)
        planes += bias
        return torch.from_numpy(planes) if chain.is_torch else planes

    equal = compare(run(given), fused())
    return {
        "now": "Turning pixels into numbers in %d steps" % chain.steps,
        "instead": "one pass of NumPy",
        "equal": equal,
        "on": "x".join(map(str, pixels.shape)),
        "code": _code(place, one),
        **in_turns(lambda: run(given), fused, _BUDGET_MS),
    }


def _as_given(given, pixels):
    """As the source is: an array, or an image of Pillow."""
    if type(given).__module__.startswith("PIL"):
        from PIL import Image

        return Image.fromarray(pixels[..., 0] if pixels.ndim == 3 and pixels.shape[-1] == 1 else pixels)
    return pixels


def _function(place, names):
    """The chain's own lines as a function of its source."""
    body = list(place.chain.statements)
    if place.target is not None:
        body.append(ast.Return(ast.Name(place.target, ast.Load())))
    arguments = ast.arguments(posonlyargs=[], args=[ast.arg(place.chain.source)], kwonlyargs=[], kw_defaults=[], defaults=[])
    function = ast.FunctionDef("numbers_of", arguments, body, [], type_params=[])
    space = dict(names)
    exec(compile(ast.fix_missing_locations(ast.Module([function], [])), "<pixels>", "exec"), space)
    return space["numbers_of"]


def _code(place, one):
    source, view = place.chain.source, ast.unparse(ast.fix_missing_locations(place.chain.view))
    tensor = ".numpy()" if place.chain.is_torch else ""
    made = "torch.from_numpy(planes)" if place.chain.is_torch else "planes"
    own = [line for statement in place.chain.statements for line in ast.unparse(statement).split("\n")]
    returned = [] if place.target is None else ["    return %s" % place.target]
    return [
        "def numbers_of(%s):  # the lines as they are" % source,
        *("    " + line for line in own),
        *returned,
        "bias = numbers_of(np.zeros(%s, np.uint8))%s  # both once, when the model is loaded" % (one, tensor),
        "scale = (numbers_of(np.full(%s, 255, np.uint8))%s - bias) / 255" % (one, tensor),
        "pixels = %s" % view,
        "planes = np.empty(pixels.shape, bias.dtype)",
        "np.multiply(pixels, scale, out=planes)",
        "planes += bias",
        "return %s" % made if place.target is None else "%s = %s" % (place.target, made),
    ]
