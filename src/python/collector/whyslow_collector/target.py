"""What the file is: a module that has stages, one function of it, or a script; and the stages as they are called.

The contract: `load()` -> model, `samples()` -> list or iterable, `preprocess(sample)` -> x, `predict(model, x)` or `predict(x)`,
`postprocess(y)` -> result, of the module itself or methods of what it calls `pipeline`. All but `predict` may be missing."""

import ast
import inspect
import sys

from .errors import Contract
from .finishing import finished
from .module_file import read_source

STAGES = ("preprocess", "predict", "postprocess")
#: An object or class of the module that has the functions as methods, in place of the module.
HOLDER = "pipeline"


def parse(path):
    try:
        return ast.parse(read_source(path), path)
    except SyntaxError as error:
        version = "%d.%d" % sys.version_info[:2]
        raise Contract("%s:%s: %s (read by Python %s)" % (error.filename, error.lineno, error.msg, version)) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise Contract("%s is not Python source: %s" % (path, error)) from None


def kind_of(tree, call, has_data):
    """'function', 'stages' or 'script'. A file that has a `predict` but nothing to feed it with runs as it is."""
    if call:
        return "function"
    function = predict_of(tree, has_data)
    if function is None:
        return "stages" if holds_stages(tree, has_data) else "script"
    if has_data or "samples" in functions_of(tree) or "samples" in _assigned(tree):
        return "stages"
    if isinstance(function, ast.Name):
        function = functions_of(tree).get(function.id)
    arguments = getattr(function, "args", None)
    if not isinstance(arguments, ast.arguments):
        return "script"
    loads = "load" in functions_of(tree) or "load" in _assigned(tree)
    required = len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults) - (1 if loads else 0)
    return "stages" if required <= 0 else "script"


def predict_of(tree, has_data):
    """
    What gives the module's top level its `predict`, where that is a function: a `def` or class, a lambda, the name of something, an attribute. What
    a call gives (`predict = model.predict(x)` of every tutorial) and what is imported counts where the file means to be fed.
    """
    is_fed = has_data or "samples" in functions_of(tree)
    found = None
    for node in tree.body:
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)) and node.name == "predict":
            found = node
        elif isinstance(node, ast.ImportFrom) and any((alias.asname or alias.name) == "predict" for alias in node.names):
            found = node if is_fed or "samples" in _assigned(tree) else None
        elif isinstance(node, (ast.Assign, ast.AnnAssign)) and node.value is not None and "predict" in targets_of(node):
            is_function = isinstance(node.value, (ast.Lambda, ast.Name, ast.Attribute)) or is_fed and isinstance(node.value, ast.Call)
            found = node.value if is_function else None
    return found


def functions_of(tree):
    return {node.name: node for node in tree.body if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef))}


def holds_stages(tree, has_data):
    """Whether `pipeline` has them: a class of this file, an object of one, or, where there are samples, whatever bears the name. Others call a chain
    of estimators so, or what they import from Transformers."""
    functions, assigned = functions_of(tree), _assigned(tree)
    if HOLDER not in assigned or HOLDER in functions:
        return False
    if has_data or "samples" in functions or "samples" in assigned:
        return True
    classes = {node.name for node in tree.body if isinstance(node, ast.ClassDef)}
    values = [node.value for node in tree.body if isinstance(node, ast.Assign) and any(_is_holder(one) for one in node.targets)]
    made = [one.func if isinstance(one, ast.Call) else one for one in values]
    return HOLDER in classes or any(isinstance(one, ast.Name) and one.id in classes for one in made)


def _is_holder(target):
    return isinstance(target, ast.Name) and target.id == HOLDER


def _assigned(tree):
    """Names that the module's top level gives a value by assignment, class or import."""
    found = set()
    for node in tree.body:
        if isinstance(node, (ast.ClassDef,)):
            found.add(node.name)
        elif isinstance(node, (ast.Import, ast.ImportFrom)):
            found.update((alias.asname or alias.name).split(".")[0] for alias in node.names)
        elif isinstance(node, (ast.Assign, ast.AnnAssign)):
            found.update(targets_of(node))
    return found


def targets_of(node):
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    return {target.id for target in targets if isinstance(target, ast.Name)}


class Target:
    """`load` and `samples` may be None; `stages` are pairs of a name and the user's own function."""

    def __init__(self, kind, stages, load=None, samples=None):
        self.kind = kind
        self.stages = stages
        self.load = load
        self.samples = samples

    def described(self):
        return {"kind": self.kind, "stages": [name for name, _ in self.stages], "places": [_place(one) for _, one in self.stages]}


def target_of(module, kind, call):
    if kind == "function":
        return Target(kind, [(call, _called(module, call))], getattr(module, "load", None), getattr(module, "samples", None))
    holder = module
    own = getattr(module, "predict", None)
    if not callable(own):
        holder = getattr(module, HOLDER, None)
        holder = holder() if inspect.isclass(holder) else holder
        if not callable(getattr(holder, "predict", None)):
            told = "has no predict" if own is None else "has a predict that is no function but %s" % shown_type(own)
            raise Contract("%s %s: name a function with --call module:function" % (module.__file__, told))
    found = [(name, getattr(holder, name)) for name in STAGES if callable(getattr(holder, name, None))]
    given = [getattr(holder, name, None) for name in ("load", "samples")]
    return Target("stages", found, *given)


def shown_type(value):
    """'a numpy.ndarray'."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else "%s.%s" % (kind.__module__.split(".")[0], kind.__name__)
    return ("an " if name[0] in "aeiou" else "a ") + name


def _called(module, call):
    found = module
    for part in call.split("."):
        found = getattr(found, part, None)
    if not callable(found):
        offered = [name for name, one in vars(module).items() if inspect.isfunction(one) and one.__module__ == module.__name__]
        told = "it has " + ", ".join(sorted(offered)[:8]) if offered else "it has no functions"
        raise Contract("%s has no function %s; %s" % (module.__file__, call, told))
    return found


def _place(function):
    try:
        code = inspect.unwrap(function).__code__
        return {"file": code.co_filename, "line": code.co_firstlineno}
    except (AttributeError, ValueError):
        return None


def bind(function, model, has_model, predicts=False):
    """
    `function(value)` as the driver calls it. With a model it is given that first where it takes two arguments and more, or, as the one that
    predicts, whatever it is given; one that takes none is given nothing. What it gives back is done to its end.
    """
    required, most = _arity(function)
    takes_any = most > 0 and not _positional(function)
    if most == 0:
        call = lambda value: function()  # noqa: E731
    elif has_model and most >= 2 and (required >= 2 or predicts and takes_any or _first_name(function) in ("model", "session", "net", "interpreter")):
        call = lambda value: function(model, value)  # noqa: E731
    else:
        call = function
    if any(of(function) for of in (inspect.iscoroutinefunction, inspect.isgeneratorfunction, inspect.isasyncgenfunction)):
        return lambda value: finished(call(value))
    return call


def _arity(function):
    """(positional arguments that it needs, that it takes at most); of what does not tell (1, 1)."""
    known = parameters_of(function)
    if known is None:
        return 1, 1
    positional = _positional(function)
    required = sum(1 for one in positional if one.default is one.empty)
    return required, 99 if any(one.kind is one.VAR_POSITIONAL for one in known) else len(positional)


def _positional(function):
    return [one for one in parameters_of(function) or () if one.kind in (one.POSITIONAL_ONLY, one.POSITIONAL_OR_KEYWORD)]


def parameters_of(function, depth=0):
    """As it is told; of a decorator's wrapper that takes whatever it is given, those of the function that it holds. None: it does not tell."""
    try:
        found = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    held = _held(function) if found and found[0].kind is inspect.Parameter.VAR_POSITIONAL and depth < 8 else None
    inner = None if held is None else parameters_of(held, depth + 1)
    if inner is None:
        return found
    return inner[1:] if inspect.ismethod(function) else inner


def _held(function):
    """The one function that a wrapper holds: a function in its closure, an object as an attribute."""
    own = getattr(function, "__func__", function)
    if inspect.isfunction(own):
        held = []
        for cell in own.__closure__ or ():
            try:
                held.append(cell.cell_contents)
            except ValueError:
                pass
    else:
        held = list(getattr(own, "__dict__", {}).values())
    found = [one for one in held if inspect.isfunction(one) and one is not own]
    return found[0] if len(found) == 1 else None


def _first_name(function):
    known = parameters_of(function)
    return known[0].name if known else ""
