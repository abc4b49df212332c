"""What the file is: a module that has stages, one function of it, or a script; and the stages as they are called.

The contract: `load()` -> model, `samples()` -> list or iterable, `preprocess(sample)` -> x, `predict(model, x)` or `predict(x)`,
`postprocess(y)` -> result, of the module itself or methods of what it calls `pipeline`. All but `predict` may be missing."""

import ast
import inspect
import os
import sys

from . import web_handlers
from .arguments import arity_of, bind
from .errors import Contract
from .finishing import awaited, finished, is_unfinished, items_of
from .module_file import named_after, tree_of
from .names_in_source import by_place, functions_of, is_main_guard, targets_of

STAGES = ("preprocess", "predict", "postprocess")
#: An object or class of the module that has the functions as methods, in place of the module.
HOLDER = "pipeline"


def parse(path):
    try:
        return tree_of(path)
    except SyntaxError as error:
        version = "%d.%d" % sys.version_info[:2]
        raise Contract("%s:%s: %s (read by Python %s)" % (error.filename, error.lineno, error.msg, version)) from None
    except (UnicodeDecodeError, ValueError) as error:
        raise Contract("%s is not Python source: %s" % (path, error)) from None


def kind_of(tree, call, has_data, is_fed=False):
    """
    'function', 'stages' or 'script', for whoever runs the file, which is not executed to find out. What has something to call but nothing to feed it
    with runs as it is. `is_fed`: the samples come from elsewhere.
    """
    if call:
        return "function"
    if web_handlers.handler_in(tree, has_data) is not None or gives_model(tree, has_data or is_fed):
        return "stages"
    if web_handlers.includes_others(tree) and not {"predict", "samples"} <= set(functions_of(tree)):
        return "stages"
    function = predict_of(tree, has_data)
    if function is None and holds_stages(tree, has_data):
        return "stages"
    own = "samples" in functions_of(tree) or "samples" in _assigned(tree)
    function = function or single_of(tree, is_fed or has_data or own)
    if function is None:
        return "script"
    if is_fed or has_data or own:
        return "stages"
    if isinstance(function, ast.Name):
        function = functions_of(tree).get(function.id)
    arguments = getattr(function, "args", None)
    if not isinstance(arguments, ast.arguments):
        return "script"
    loads = "load" in functions_of(tree) or "load" in _assigned(tree)
    return "stages" if _required(arguments) <= (1 if loads else 0) else "script"


def gives_model(tree, is_fed):
    """Whether the file gives a model for others to call: `model()`, without a `predict` of its own, and what feeds it, or nothing that runs."""
    functions = functions_of(tree)
    function = functions.get("model")
    if function is None or "predict" in functions or "predict" in _assigned(tree) or HOLDER in _assigned(tree):
        return False
    has = lambda name: name in functions or name in _assigned(tree)  # noqa: E731
    if _required(function.args) > 0:
        # With samples, it may be what predicts; who calls it has a script.
        is_called = any(isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "model" for node in ast.walk(tree))
        if has("example_inputs") or has("torch") and not (is_fed or is_called or has("samples")):
            raise Contract(_needs_arguments("model", [one.arg for one in by_place(function.args)][: _required(function.args)]))
        return False
    if is_fed or has("example_inputs") or has("samples"):
        return True
    return not any(isinstance(node, (ast.For, ast.While, ast.With, ast.Try)) or _calls(node) for node in tree.body)


def _needs_arguments(name, needed):
    return "%s(%s) needs arguments, and whyslow calls it without any: give them defaults (def %s(%s=...))" % (name, ", ".join(needed), name, needed[0])


def _calls(node):
    return isinstance(node, ast.Expr) and not isinstance(node.value, ast.Constant)


def _required(arguments):
    return len(arguments.posonlyargs) + len(arguments.args) - len(arguments.defaults)


def check_unfed(tree, has_data):
    """Throws Contract if a script has samples that it does not use itself: they are for a function."""
    names = [name for name, one in _public(tree).items() if by_place(one.args)]
    if has_data or names and "samples" in functions_of(tree) and not _reads(tree, "samples"):
        told = "name it after the file, as in %s (it has %s)" % (named_after(tree, names[-1]), ", ".join(names[:8])) if names else "it has none: leave them out"
        raise Contract("it runs from top to bottom, and %s are for a function that takes a sample; %s" % ("the samples of --data" if has_data else "samples()", told))


def _public(tree):
    return {name: one for name, one in functions_of(tree).items() if not name.startswith("_") and name not in ("load", "samples")}


def _reads(node, name):
    return any(isinstance(one, ast.Name) and one.id == name and isinstance(one.ctx, ast.Load) for one in ast.walk(node))


def single_of(tree, is_fed=False):
    """The one function of a file that is only that, with what it needs; None: there are several, or the file does more when it runs. `is_fed`: there
    are samples for it; then it may have helpers, and the file may do what it needs, such as loading weights."""
    public = list(_public(tree).values())
    if is_fed:
        outer = [one for one in public if by_place(one.args) and not any(other is not one and _reads(other, one.name) for other in tree.body if not is_main_guard(other))]
        if len(outer) == 1 and outer[0].name != "main":
            return outer[0]
    assigned = [name for node in tree.body if isinstance(node, (ast.Assign, ast.AnnAssign)) for name in targets_of(node)]
    if len(public) != 1 or "predict" in assigned:  # a value that it predicts
        return None
    guards = [node for node in tree.body if is_main_guard(node)]
    # A function that needs nothing, behind a guard, is the script itself.
    if guards and (public[0].name == "main" or _required(public[0].args) == 0):
        return None
    quiet = (ast.Import, ast.ImportFrom, ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef, ast.Assign, ast.AnnAssign)
    doc = lambda node: isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)  # noqa: E731
    return public[0] if all(isinstance(node, quiet) or doc(node) or node in guards for node in tree.body) else None


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


class Target:
    """`load` and `samples` may be None; `stages` are pairs of a name and the user's own function."""

    def __init__(self, kind, stages, load=None, samples=None, door=None):
        self.kind = kind
        self.stages = stages
        self.load = load
        self.samples = samples
        #: What is said of samples that nobody gave; None: somebody did.
        self.made_up = None
        #: The place of `model()`, where whyslow itself calls what that returns.
        self.door = door

    def described(self):
        places = [_place(one) if self.door is None else dict(self.door) for _, one in self.stages]
        given = {} if self.door is None else {"givesModel": True}
        return {"kind": self.kind, "stages": [name for name, _ in self.stages], "places": places, **given}

    def loaded(self):
        """The model; None if there is no load."""
        return awaited(self.load()) if callable(self.load) else self.load

    def own_samples(self):
        """Its own, one by one."""
        return items_of(self.samples() if callable(self.samples) else self.samples)

    def _predicts(self, name):
        return self.kind == "function" or name == "predict"

    def steps(self, model):
        """Pairs of a stage's name and the function of one value that it is."""
        loads, first = self.load is not None, self.stages[0][0]
        return [(name, bind(one, model, loads, self._predicts(name), name == first)) for name, one in self.stages]

    def needs_sample(self):
        name, function = self.stages[0]
        return arity_of(function)[0] > (1 if self.load is not None and self._predicts(name) else 0)


def whole(steps):
    """All of a call as one function, each step done to its end; the last one's result may be unfinished."""
    calls = [run for _, run in steps]
    if len(calls) == 1:
        return calls[0]

    def call(value):
        for run in calls:
            value = run(value)
            if is_unfinished(value):
                value = finished(value)
        return value

    return call


def model_target(load, example, door=None):
    """A model that whyslow calls. `example`: gives the inputs of one call; None: they come from elsewhere."""
    from . import torch_model

    samples = None if example is None else lambda: [torch_model.given_of(example())]
    return Target("stages", [("predict", torch_model.predict)], load, samples, door)


def _given_model(module):
    """The target that a file with `model()` is; None: it has a `predict`, or no such function."""
    from . import torch_model

    function, has_predict = getattr(module, "model", None), getattr(module, "predict", None) is not None
    if not inspect.isfunction(function) or has_predict or hasattr(module, HOLDER) or arity_of(function)[0] > 0:
        return None
    door = {**_place(function), "function": "model"}
    found = model_target(lambda: torch_model.made(function), torch_model.example_of(module), door)
    if found.samples is None:
        found.samples = getattr(module, "samples", None)
    return found


def target_of(module, call, has_data=False):
    """The target is the module, or what it calls `pipeline`; the module has what that lacks. A file with `model()` gives a model to call."""
    service = web_handlers.service_of(module, call, has_data)
    if service is not None:
        return service.target(Target)
    given = None if call else _given_model(module)
    if given is not None:
        return given
    holder = getattr(module, HOLDER, None)
    if callable(getattr(module, "predict", None)) or not callable(getattr(holder, "predict", None)):
        holder = module
    holder = holder() if inspect.isclass(holder) else holder

    def find(name):
        found = [getattr(one, name, None) for one in (holder, module)]
        return next((one for one in found if one is not None), None)

    given = [find(name) for name in ("load", "samples")]
    if call:
        return Target("function", [(call, _called(module, call))], *given)
    if callable(find("predict")):
        return Target("stages", [(name, find(name)) for name in STAGES if callable(find(name))], *given)
    own = getattr(module, "predict", None)
    single = _single(module)
    if own is None and single is not None:
        return Target("function", [(single.__name__, single)], *given)
    told = "has no predict" if own is None else "has a predict that is no function but %s" % shown_type(own)
    raise Contract("%s %s: name a function after the file, as in %s:score" % (module.__file__, told, os.path.basename(module.__file__)))


def _single(module):
    public = [one for name, one in _functions(module) if not name.startswith("_") and name not in ("load", "samples")]
    if len(public) == 1:
        return public[0]
    try:
        found = single_of(tree_of(module.__file__), True)
    except (OSError, SyntaxError, ValueError, AttributeError):
        return None
    return next((one for one in public if found is not None and one.__name__ == found.name), None)


def _functions(module):
    """Its own, by name."""
    return [(name, one) for name, one in vars(module).items() if inspect.isfunction(one) and one.__module__ == module.__name__]


def shown_type(value):
    """'a numpy.ndarray'."""
    kind = type(value)
    name = kind.__name__ if kind.__module__ == "builtins" else "%s.%s" % (kind.__module__.split(".")[0], kind.__name__)
    return ("an " if name[0] in "aeiou" else "a ") + name


def _called(module, call):
    found, owner = module, None
    for part in call.split("."):
        found, owner = getattr(found, part, None), found
    if inspect.isclass(owner) and inspect.isfunction(found) and not isinstance(inspect.getattr_static(owner, part), staticmethod):
        name = owner.__name__
        raise Contract("%s is a method: name it of an object, as in %s = %s(...) and %s.%s" % (call, name.lower(), name, name.lower(), part))
    if not callable(found):
        offered = [name for name, _ in _functions(module)]
        told = "it has " + ", ".join(sorted(offered)[:8]) if offered else "it has no functions"
        raise Contract("it has no function %s; %s" % (call, told))
    return found


def _place(function):
    try:
        code = inspect.unwrap(function).__code__
        return {"file": code.co_filename, "line": code.co_firstlineno}
    except (AttributeError, ValueError):
        return None
